"""What a method is given, the best that it has found so far, and what it returns."""

from dataclasses import dataclass
from enum import IntEnum

import torch
from torch import Tensor, nn

from facetrial.attacks.budgets.budget import Budget
from facetrial.attacks.goals import Criterion
from facetrial.attacks.loss_gradient import LossGradient
from facetrial.attacks.surrogate import View
from facetrial.core.randomness import Draws
from facetrial.recognition.layers import scores_of


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
            `recognition.layers.confirming`; None before a victim that does not draw.
        forward_passes: how often the recogniser is run for one picture that the victim is shown.
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
    forward_passes: int = 1

    def __len__(self) -> int:
        return len(self.images)

    @property
    def certain(self) -> bool:
        """Whether the victim does not draw at random; if it does, who is fooled once may not be the next time."""
        return self.confirmer is None

    def select(self, rows: Tensor) -> "Problem":
        """The problem of the pictures at `rows`, an index tensor."""
        files = [self.files[i] for i in rows.tolist()]
        return Problem(
            self.victim,
            self.proxy,
            self.criterion.select(rows),
            self.images[rows],
            self.region[rows],
            self.budget.select(rows),
            self.landmarks[rows],
            self.draws.select(rows),
            files,
            None if self.view is None else self.view.select(rows),
            None if self.start is None else self.start[rows],
            self.confirmer,
            self.forward_passes,
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


class Best:
    """Keeps, of all pictures that an attack looked at, those nearest to its goal.

    A picture counts as fooled when the victim, in float32, is fooled by it as it is and as an 8-bit file keeps it.
    Before a victim that draws at random none does, so that every search goes on to its end: one lucky draw fools
    nobody.

    Args:
        problem: what is attacked.

    Attributes:
        images: (B, 3, H, W), the best so far.
        margin: (B,), by how much they meet the goal, `Criterion.adversarial_margin`, by whoever scored them.
        fooled: (B,) bool.
        queries, steps, gradient: int64 (B,), as in `MethodResult`.
    """

    def __init__(self, problem: Problem) -> None:
        count, device = len(problem), problem.images.device
        self.problem = problem
        self.certain = problem.certain
        self.criterion: Criterion = problem.criterion
        # One row more, to which a picture that is not kept is written, so that no count has to be known.
        self._store = torch.cat([problem.images, problem.images[:1]])
        self.margin = torch.full((count,), -torch.inf, device=device)
        self.fooled = torch.zeros(count, dtype=torch.bool, device=device)
        self.queries = torch.zeros(count, dtype=torch.int64, device=device)
        self.steps = torch.zeros(count, dtype=torch.int64, device=device)
        self.gradient = torch.zeros(count, dtype=torch.int64, device=device)
        self._confirmed = self.margin.clone()  # the margin of the picture that was last confirmed or not

    @property
    def images(self) -> Tensor:
        return self._store[:-1]

    def consider(
        self, rows: Tensor, pictures: Tensor, scores: Tensor, found: LossGradient | None = None
    ) -> None:
        """Takes over pictures that are nearer the goal than what is kept of theirs. No wait for the device.

        Args:
            rows: int64 (A,), whose pictures they are; a row may come more than once.
            pictures: (A, 3, H, W), within budget, region and range.
            scores: (A, C), of `pictures`.
            found: the loss gradient there, where it was asked for.
        """
        self.asked(rows, found)
        settled = self.settled(rows)
        margin = self.criterion.select(rows).adversarial_margin(scores).float()
        margin = margin.nan_to_num(-torch.inf, neginf=-torch.inf).masked_fill(settled, -torch.inf)
        before = self.margin[rows]
        self.margin.scatter_reduce_(0, rows, margin, "amax")
        better = (margin > before) & (margin == self.margin[rows])
        self._store.index_copy_(0, torch.where(better, rows, len(self._store) - 1), pictures)

    def settled(self, rows: Tensor) -> Tensor:
        """(A,) bool: of which pictures nothing nearer to the goal is looked for."""
        return self.fooled[rows]

    def asked(self, rows: Tensor, found: LossGradient | None = None) -> None:
        """Counts one picture shown for each of `rows`, and one gradient where there is one."""
        one = torch.ones_like(rows)
        self.queries.index_add_(0, rows, one)
        if found is None:
            return
        self.steps.index_add_(0, rows, one)
        quality = torch.where(found.broken, int(Gradient.NOT_FINITE), int(Gradient.ZERO))
        quality = torch.where(found.broken | found.zero, quality, int(Gradient.FINE))
        self.gradient.scatter_reduce_(0, rows, quality, "amax")

    def settle(self, rows: Tensor) -> None:
        """Has the victim score the kept pictures of `rows`, of which a proxy of lower precision may be wrong."""
        rows = rows.unique()
        rows = rows[~self.fooled[rows]]
        if len(rows) == 0:
            return
        self.asked(rows)
        self.margin[rows] = self.criterion.select(rows).adversarial_margin(
            self.scores(rows, self.images[rows])
        )
        self._confirmed[rows] = -torch.inf

    def confirm(self, rows: Tensor) -> None:
        """Has the victim judge the kept pictures of `rows` that seem to meet the goal, and marks the fooled."""
        if not self.certain:
            return
        rows = rows.unique()
        rows = rows[(self.margin[rows] > self._confirmed[rows].clamp(min=0.0)) & ~self.fooled[rows]]
        if len(rows) == 0:
            return
        self._confirmed[rows] = self.margin[rows]
        self.fooled[rows] = self.fools_victim(rows, self.images[rows])

    def fools_victim(self, rows: Tensor, pictures: Tensor) -> Tensor:
        """(A,) bool: which pictures fool the victim in float32, as they are and rounded to 8 bits."""
        rounded = pictures.mul(255.0).round().div(255.0)
        self.queries.index_add_(0, rows, torch.full_like(rows, 2))
        seen = [self.problem.seen(rows, version) for version in (pictures, rounded)]
        exact, saved = (scores_of(self.problem.victim, version) for version in seen)
        criterion = self.criterion.select(rows)
        return criterion.is_adversarial(exact) & criterion.is_adversarial(saved)

    def scores(self, rows: Tensor, pictures: Tensor) -> Tensor:
        """The victim's float32 scores (A, C) of pictures (A, 3, H, W) of `rows`; not counted."""
        return scores_of(self.problem.victim, self.problem.seen(rows, pictures))

    def found(self, smallest: Tensor | None = None) -> MethodResult:
        """What the method returns."""
        return MethodResult(
            self.images,
            reached=torch.ones_like(self.fooled),
            queries=self.queries,
            steps=self.steps,
            gradient=self.gradient,
            smallest=smallest,
        )
