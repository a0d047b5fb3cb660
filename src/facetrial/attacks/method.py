"""Methods: how a perturbation is found."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from enum import IntEnum
from typing import Self

from torch import Tensor, nn

from facetrial.attacks.budgets.budget import Budget
from facetrial.attacks.goals import Criterion
from facetrial.attacks.surrogate import View
from facetrial.core.randomness import Draws


class Gradient(IntEnum):
    """The worst that an attack met on a picture when it asked for a gradient."""

    NOT_ASKED = 0
    FINE = 1
    ZERO = 2
    NOT_FINITE = 3


@dataclass
class Problem:
    """What a method is given: pictures that can be attacked, and the rules.

    Attributes:
        victim: scores (B, C) from images, in float32, by which verdicts are taken; None where a method is known not
            to ask it.
        proxy: scores (B, C) from images, by which steps are chosen: the victim, or a faster copy in lower precision.
        criterion: what is wanted of each picture.
        images: (B, 3, H, W) in [0, 1].
        region: (B, 1, H, W) in [0, 1], nowhere all zero.
        budget: how much.
        landmarks: (B, 15, 2), (x, y) in pixels; NaN = unknown.
        draws: random numbers for these pictures.
        files: the pictures' names, for messages.
        view: how victim and proxy see the pictures, where they are a surrogate with a crop of its own.
        start: (B, 3, H, W), within budget and region, where the first start of an iterative attack is to be; None
            leaves it to the method.
        confirmer: scores (B, C) from images, by which a victim that draws confirms what seems to fool it, as
            `defended.confirming`; None before a victim that does not draw.
    """

    victim: nn.Module | None
    proxy: nn.Module | None
    criterion: Criterion
    images: Tensor
    region: Tensor
    budget: Budget
    landmarks: Tensor
    draws: Draws
    files: list[str]
    view: View | None = None
    start: Tensor | None = None
    confirmer: nn.Module | None = None

    def __len__(self) -> int:
        return len(self.images)

    @property
    def certain(self) -> bool:
        """Whether the victim does not draw at random; if it does, who is fooled once may not be the next time."""
        return self.confirmer is None

    def select(self, rows: Tensor) -> "Problem":
        """The problem of the pictures at `rows`, an index tensor."""
        return Problem(
            self.victim,
            self.proxy,
            self.criterion.select(rows),
            self.images[rows],
            self.region[rows],
            self.budget.select(rows),
            self.landmarks[rows],
            self.draws.select(rows),
            [self.files[i] for i in rows.tolist()],
            None if self.view is None else self.view.select(rows),
            None if self.start is None else self.start[rows],
            self.confirmer,
        )

    def seen(self, rows: Tensor, pictures: Tensor) -> Tensor:
        """What victim and proxy are shown of `pictures` (A, 3, H, W), which are those of `rows`."""
        return pictures if self.view is None else self.view(rows, pictures)


@dataclass
class MethodResult:
    """What a method returns for B pictures.

    Attributes:
        images: (B, 3, H, W) in [0, 1].
        reached: (B,) bool, whether the change reaches the budget's size.
        queries: int64 (B,), pictures shown to the victim or its copy.
        steps: int64 (B,), of these, pictures whose gradient was asked for.
        gradient: int64 (B,), as in `Gradient`.
        smallest: (B,), the size of the smallest change found that meets the goal, in the units of the budget's
            `limit`, infinite where none was found; None where a method does not look for it. Before a victim that draws
            at random the confirmer confirmed it.
    """

    images: Tensor
    reached: Tensor
    queries: Tensor
    steps: Tensor
    gradient: Tensor
    smallest: Tensor | None = None


class Method(ABC):
    """How.

    Attributes:
        asks_victim: whether it looks at the victim's scores.
        asks_gradient: whether it looks at their slopes.
        takes_surrogate: whether it minds `Problem.view`.
        at_boundary: whether it goes along the very boundary of what the victim recognises.
        needs_landmarks: whether it looks at landmarks itself.
    """

    asks_victim = True
    asks_gradient = True
    takes_surrogate = False
    at_boundary = False
    needs_landmarks = False

    @property
    def takes_low_precision(self) -> bool:
        """Whether a proxy in bfloat16 will do: for slopes, not for scores by which pictures are compared."""
        return self.asks_gradient and not self.at_boundary

    @abstractmethod
    def __call__(self, problem: Problem) -> MethodResult:
        """Attacks the pictures of `problem`."""

    def longer(self, factor: int) -> Self | None:
        """The same method with `factor` times the steps; None where it goes by none along gradients."""
        return None
