"""What a method is given, and the one way to ask about pictures."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import overload

import torch
from torch import Tensor, nn

from facetrial.attacks.asked import Asked
from facetrial.attacks.budgets.budget import Budget
from facetrial.attacks.goals import Criterion
from facetrial.attacks.losses import Loss
from facetrial.attacks.result import Counts, Gradient, LossGradient
from facetrial.attacks.surrogate import View
from facetrial.core.errors import FacetrialError
from facetrial.core.process.ticks import GRADIENT, tick
from facetrial.core.randomness import Draws
from facetrial.recognition.layers import scores_of, with_similarities
from facetrial.recognition.without_slope import without_slope


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
        all_files: the names of all pictures that `counts` is of, for messages.
        counts: what was asked, of these pictures and of those beside which they were given.
        places: int64 (B,), where these pictures stand in `counts`.
        view: how victim and proxy see the pictures, where they are a surrogate with a crop of its own.
        start: (B, 3, H, W), within budget and region, where the first start of an iterative attack is to be; None
            leaves it to the method.
        confirmer: scores (B, C) from images, by which a victim that draws confirms what seems to fool it, as
            `recognition.layers.confirming`; None before a victim that does not draw.
        forward_passes: how often the recogniser is run for one picture that the victim is shown.
        undefended: the same pictures before the recogniser that stands behind the victim's defences, with counts of its
            own; None where there are no defences that the attacker knows.
    """

    victim: nn.Module | None
    proxy: nn.Module | None
    criterion: Criterion
    images: Tensor
    region: Tensor
    budget: Budget
    landmarks: Tensor
    draws: Draws
    all_files: list[str]
    counts: Counts
    places: Tensor
    view: View | None = None
    start: Tensor | None = None
    confirmer: nn.Module | None = None
    forward_passes: int = 1
    undefended: "Problem | None" = None

    def __len__(self) -> int:
        return len(self.images)

    @property
    def files(self) -> list[str]:
        """The pictures' names."""
        return [self.all_files[place] for place in self.places.tolist()]

    @property
    def certain(self) -> bool:
        """Whether the victim does not draw at random; if it does, who is fooled once may not be the next time."""
        return self.confirmer is None

    def select(self, rows: Tensor) -> "Problem":
        """The problem of the pictures at `rows`, an index tensor."""
        return replace(
            self,
            criterion=self.criterion.select(rows),
            images=self.images[rows],
            region=self.region[rows],
            budget=self.budget.select(rows),
            landmarks=self.landmarks[rows],
            draws=self.draws.select(rows),
            places=self.places[rows],
            view=None if self.view is None else self.view.select(rows),
            start=None if self.start is None else self.start[rows],
            undefended=None if self.undefended is None else self.undefended.select(rows),
        )

    def asking(self, asked: Asked) -> "Problem":
        """The same pictures before somebody else, with counts of their own."""
        return replace(
            self,
            victim=asked.victim,
            proxy=asked.proxy,
            criterion=replace(self.criterion, abstain_columns=asked.abstain_columns),
            counts=Counts.of(torch.arange(len(self.counts.queries), device=self.places.device)),
            view=asked.view,
            confirmer=asked.confirmer,
            forward_passes=asked.forward_passes,
        )

    def seen(self, rows: Tensor, pictures: Tensor) -> Tensor:
        """What victim and proxy are shown of `pictures` (A, 3, H, W), which are those of `rows`."""
        return pictures if self.view is None else self.view(rows, pictures)

    @property
    def queries(self) -> Tensor:
        """int64 (B,): how often each picture, changed in whatever way, was shown to somebody."""
        return self.counts.queries[self.places]

    @overload
    def ask(
        self,
        rows: Tensor,
        pictures: Tensor,
        loss: None = None,
        *,
        of: nn.Module | None = None,
        at_once: int | None = None,
        times: int = 1,
    ) -> Tensor: ...

    @overload
    def ask(
        self,
        rows: Tensor,
        pictures: Tensor,
        loss: Loss,
        *,
        of: nn.Module | None = None,
        criterion: Criterion | None = None,
        augment: Callable[[Tensor], Tensor] | None = None,
        everywhere: bool = False,
    ) -> LossGradient: ...

    def ask(
        self,
        rows: Tensor,
        pictures: Tensor,
        loss: Loss | None = None,
        *,
        of: nn.Module | None = None,
        criterion: Criterion | None = None,
        augment: Callable[[Tensor], Tensor] | None = None,
        everywhere: bool = False,
        at_once: int | None = None,
        times: int = 1,
    ) -> Tensor | LossGradient:
        """Shows pictures to the proxy, and counts that: the one way to learn what it, or the victim, says of them.

        Args:
            rows: int64 (A,), whose pictures they are; a row may come more than once.
            pictures: (A, 3, H, W) in [0, 1].
            loss: what the gradient is of; None asks for scores alone.
            of: who is asked in the proxy's place, such as the victim.
            criterion: what the loss is taken for; None is these rows' own.
            augment: what the proxy is shown in place of the pictures, a function of them with a slope.
            everywhere: whether the gradient is left as it is, where else the region weighs it.
            at_once: pictures a pass, of scores; None takes all.
            times: what a picture counts for.

        Returns:
            Scores float32 (A, C), taken in float32 and without gradient; with a loss, the loss gradient at `pictures`.

        Raises:
            FacetrialError: there is nobody to ask, or a slope is asked of who has none.
        """
        network = self.proxy if of is None else of
        if network is None:
            raise FacetrialError("the method asks a victim, and the attack was given none.")
        if loss is None:
            parts = torch.arange(len(rows), device=rows.device).split(at_once or max(len(rows), 1))
            answers = [scores_of(network, self.seen(rows[part], pictures[part])) for part in parts]
            self.counts.queries.index_add_(0, self.places[rows], torch.full_like(rows, times))
            tick(len(rows) * times)
            found = answers[0] if len(answers) == 1 else torch.cat(answers)
            broken = (~found.isfinite().all(1)).to(self.counts.gradient.dtype) * int(Gradient.NOT_FINITE)
            self.counts.gradient.scatter_reduce_(0, self.places[rows], broken, "amax")
            return found
        criterion = self.criterion.select(rows) if criterion is None else criterion
        leaf = pictures.detach().requires_grad_(True)
        with torch.enable_grad():
            seen = leaf if augment is None else augment(leaf)
            seen = seen if self.view is None else self.view(rows, seen)
            if loss.of_similarities:
                scores, similarities = with_similarities(network, seen)
                losses = loss(similarities.float(), criterion)
            else:
                scores = network(seen).float()
                losses = loss(scores, criterion)
            if not losses.requires_grad:
                raise without_slope(network, seen)
            (gradient,) = torch.autograd.grad(losses.sum(), leaf)
        gradient = gradient.float() if everywhere else gradient.float() * self.region[rows]
        broken = ~gradient.isfinite().flatten(1).all(1)
        gradient = gradient.nan_to_num(0.0, 0.0, 0.0)
        zero = (gradient == 0).flatten(1).all(1) & ~broken
        slope = LossGradient(scores.detach().float(), losses.detach(), gradient, zero, broken)
        self._count(rows, slope)
        tick(len(rows) * GRADIENT)
        return slope

    def _count(self, rows: Tensor, found: LossGradient) -> None:
        places, one = self.places[rows], torch.ones_like(rows)
        self.counts.queries.index_add_(0, places, one)
        self.counts.steps.index_add_(0, places, one)
        quality = torch.where(found.broken, int(Gradient.NOT_FINITE), int(Gradient.ZERO))
        quality = torch.where(found.broken | found.zero, quality, int(Gradient.FINE))
        self.counts.gradient.scatter_reduce_(0, places, quality, "amax")
