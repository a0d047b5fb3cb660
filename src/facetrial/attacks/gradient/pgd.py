"""Projected gradient ascent and its kin: FGSM, PGD, and steps with momentum, diverse inputs and smoothed gradients."""

import copy
from typing import Annotated

import torch
from torch import Tensor
from torch.nn import functional as F

from facetrial.attacks.best import Best
from facetrial.attacks.goals import Criterion
from facetrial.attacks.gradient.iterative import IterativeAttack
from facetrial.attacks.gradient.targets import aim, towards
from facetrial.attacks.gradient.working_set import ActiveSet
from facetrial.attacks.losses import Loss
from facetrial.attacks.problem import Problem
from facetrial.attacks.result import LossGradient
from facetrial.core.checked_settings import checked
from facetrial.core.errors import FacetrialError
from facetrial.core.settings import Count, NotNegative, Positive, PositiveShare, Share, Unit, whole
from facetrial.faces.frames import shrunk


class PGD(IterativeAttack):
    """Steps of one length along the steepest direction, each projected onto region, budget and [0, 1].

    With the defaults it is PGD (Madry et al., 2018); with one step of length 1 and no random start FGSM (Goodfellow
    et al., 2015). `momentum` makes it MI-FGSM (Dong et al., 2018), `di_prob` DI-FGSM (Xie et al., 2019), `ti_kernel`
    TI-FGSM (Dong et al., 2019): what these find carries over better to other recognisers.

    Args:
        loss: what the steps make larger.
        steps: how many.
        step: length of a step, as a share of the budget's size.
        random_start: whether to start anywhere in the budget; the second and later restarts always do.
        momentum: share of the past gradients that is kept, 0 keeps none.
        di_prob: chance that the victim is shown the picture shrunk and placed at random, in [0, 1].
        min_scale: the least side of a shrunk picture, as a share of its side.
        ti_kernel: side in pixels of the Gaussian that smooths gradients, odd; 0 smooths nothing.
        restarts, at_once, early_stop: as for `IterativeAttack`.
        decay: whether `step` is the first length only, and each is shorter than the one before by a `steps`-th of it.
        targets: before a defence, how many of the nearest other people what is still robust is taken to, one after
            another, from where the first start began: a defence may leave a way to somebody else than whom the
            untargeted loss leads to. Dodging only.

    Raises:
        FacetrialError: a setting outside its range.
    """

    @checked("attack.method")
    def __init__(
        self,
        loss: Loss,
        steps: Count,
        step: Annotated[Positive, Unit("of the budget's size")],
        random_start: bool = True,
        momentum: Annotated[NotNegative, Unit("of past gradients")] = 0.0,
        di_prob: Annotated[Share, Unit("the chance of a shrunk picture")] = 0.0,
        min_scale: Annotated[PositiveShare, Unit("of the side of a picture")] = 0.85,
        ti_kernel: Annotated[int, whole(0), Unit("pixels")] = 0,
        restarts: Count = 1,
        at_once: Count | None = None,
        early_stop: bool = True,
        decay: bool = False,
        targets: Annotated[int, whole(0), Unit("people")] = 0,
    ) -> None:
        super().__init__(loss, steps, restarts, at_once, early_stop)
        if ti_kernel and ti_kernel % 2 == 0:
            raise FacetrialError(
                f"attack.method.ti_kernel must be 0 or an odd number of pixels, found {ti_kernel}."
            )
        self.step = step
        self.decay = decay
        self.targets = targets
        self.aims = False  # whether each start goes for somebody else
        self.random_start = random_start
        self.momentum = momentum
        self.di_prob = di_prob
        self.min_scale = min_scale
        self.ti_kernel = ti_kernel
        self.shows_as_is = di_prob == 0 and type(self).augment is PGD.augment

    def run(self, problem: Problem, best: Best) -> None:
        super().run(problem, best)
        wanted = problem.criterion
        if self.targets and problem.undefended is not None and wanted.targets is None and wanted.has_others:
            aimed = copy.copy(self)
            aimed.restarts, aimed.targets, aimed.aims = self.targets, 0, True
            aimed.run(problem, best)

    def criterion(self, active: ActiveSet) -> Criterion:
        return towards(active) if self.aims else active.criterion

    def initialise(self, active: ActiveSet, problem: Problem) -> None:
        start = active.budget.start(active.images, active.region, active.draws)
        drawn = (active.restart > 0) | self.random_start
        active.current = torch.where(drawn[:, None, None, None], start, active.images)
        if self.aims:
            aim(active, problem)
            active.current = active.current if problem.start is None else problem.start
        if self.momentum:
            active.memory["velocity"] = torch.zeros_like(active.images)
        if self.di_prob:
            active.memory["views"] = _views(active, self.steps, self.di_prob, self.min_scale)

    def augment(self, active: ActiveSet, images: Tensor) -> Tensor:
        if not self.di_prob:
            return images
        views = active.memory["views"]
        now = views.gather(1, active.step.clamp(max=self.steps - 1)[:, None, None].expand(-1, 1, 3))[:, 0]
        return shrunk(images, now[:, 0], now[:, 1:])

    def update(self, active: ActiveSet, problem: Problem, found: LossGradient) -> None:
        gradient = found.gradient
        if self.ti_kernel:
            gradient = smoothed(gradient, self.ti_kernel) * active.region
        if self.momentum:
            length = gradient.abs().mean((1, 2, 3), keepdim=True).clamp(min=1e-30)
            gradient = self.momentum * active.memory["velocity"] + gradient / length
            active.memory["velocity"] = gradient
        size: float | Tensor = self.step * active.budget.size(*active.images.shape[-2:])
        if self.decay:
            size = size * (1.0 - active.step / self.steps)[:, None, None, None]
        moved = active.current + size * active.budget.ascent(gradient, active.current - active.images)
        active.current = active.budget.project(active.images, moved, active.region)


def _views(active: ActiveSet, steps: int, chance: float, min_scale: float) -> Tensor:
    """How the pictures are shown at each step, (A, steps, 3): scale, then place in [-1, 1] across and down."""
    drawn = active.draws.uniform((steps, 4), "views")
    changed = drawn[..., :1] < chance
    scale = torch.where(changed, min_scale + (1.0 - min_scale) * drawn[..., 1:2], 1.0)
    return torch.cat([scale, 2.0 * drawn[..., 2:] - 1.0], dim=-1)


def smoothed(gradient: Tensor, side: int) -> Tensor:
    """Gradients (B, 3, H, W) convolved with a Gaussian of `side` pixels whose edge lies at three deviations."""
    places = torch.linspace(-3.0, 3.0, side, device=gradient.device)
    bell = torch.exp(-0.5 * places.square())
    bell = (bell / bell.sum()).to(gradient.dtype)
    channels = gradient.shape[1]
    across = bell[None, None, None, :].expand(channels, 1, 1, side)
    down = bell[None, None, :, None].expand(channels, 1, side, 1)
    gradient = F.conv2d(gradient, across, padding=(0, side // 2), groups=channels)
    return F.conv2d(gradient, down, padding=(side // 2, 0), groups=channels)
