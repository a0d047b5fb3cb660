"""Projected gradient ascent and its kin: FGSM, PGD, and steps with momentum, diverse inputs and smoothed gradients."""

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from facetrial.attacks.gradient.iterative import Walk
from facetrial.attacks.gradient.working_set import Walkers
from facetrial.attacks.loss_gradient import Slope
from facetrial.attacks.losses import Loss
from facetrial.attacks.method import Problem
from facetrial.core.errors import FacetrialError
from facetrial.faces.frames import shrunk


class PGD(Walk):
    """Steps of one length along the steepest direction, each projected onto region, budget and [0, 1].

    With the defaults it is PGD (Madry et al., 2018); with one step of length 1 and no random start FGSM (Goodfellow
    et al., 2015). `momentum` makes it MI-FGSM (Dong et al., 2018), `diversity` DI-FGSM (Xie et al., 2019), `kernel`
    TI-FGSM (Dong et al., 2019): what these find carries over better to other recognisers.

    Args:
        loss: what the steps make larger.
        steps: how many.
        step: length of a step, as a share of the budget's size.
        random_start: whether to start anywhere in the budget; the second and later restarts always do.
        momentum: share of the past gradients that is kept, 0 keeps none.
        diversity: chance that the victim is shown the picture shrunk and placed at random, in [0, 1].
        smallest: the least side of a shrunk picture, as a share of its side.
        kernel: side in pixels of the Gaussian that smooths gradients, odd; 0 smooths nothing.
        restarts, at_once, leave: as for `Walk`.

    Raises:
        FacetrialError: a setting outside its range.
    """

    def __init__(
        self,
        loss: Loss,
        steps: int,
        step: float,
        random_start: bool = True,
        momentum: float = 0.0,
        diversity: float = 0.0,
        smallest: float = 0.85,
        kernel: int = 0,
        restarts: int = 1,
        at_once: int | None = None,
        leave: bool = True,
    ) -> None:
        super().__init__(loss, steps, restarts, at_once, leave)
        for key, value, low, high in (
            ("step", step, 0.0, math.inf),
            ("momentum", momentum, -1.0, math.inf),
            ("diversity", diversity, -1.0, 1.0),
            ("smallest", smallest, 0.0, 1.0),
        ):
            if not low < value <= high or value < 0:
                raise FacetrialError(f"attack.method.{key} is out of range, found {value}.")
        if kernel and (kernel < 0 or kernel % 2 == 0):
            raise FacetrialError(
                f"attack.method.kernel must be 0 or an odd number of pixels, found {kernel}."
            )
        self.step = step
        self.random_start = random_start
        self.momentum = momentum
        self.diversity = diversity
        self.smallest = smallest
        self.kernel = kernel
        self.shows_as_is = diversity == 0

    def begin(self, walkers: Walkers, problem: Problem) -> None:
        start = problem.budget.start(walkers.images, walkers.region, walkers.draws)
        drawn = (walkers.restart > 0) | self.random_start
        walkers.current = torch.where(drawn[:, None, None, None], start, walkers.images)
        if self.momentum:
            walkers.memory["velocity"] = torch.zeros_like(walkers.images)
        if self.diversity:
            walkers.memory["views"] = _views(walkers, self.steps, self.diversity, self.smallest)

    def shown(self, walkers: Walkers, images: Tensor) -> Tensor:
        if not self.diversity:
            return images
        views = walkers.memory["views"]
        now = views.gather(1, walkers.step.clamp(max=self.steps - 1)[:, None, None].expand(-1, 1, 3))[:, 0]
        return shrunk(images, now[:, 0], now[:, 1:])

    def advance(self, walkers: Walkers, problem: Problem, found: Slope) -> None:
        gradient = found.gradient
        if self.kernel:
            gradient = smoothed(gradient, self.kernel) * walkers.region
        if self.momentum:
            length = gradient.abs().mean((1, 2, 3), keepdim=True).clamp(min=1e-30)
            gradient = self.momentum * walkers.memory["velocity"] + gradient / length
            walkers.memory["velocity"] = gradient
        size = problem.budget.size(*walkers.images.shape[-2:])
        moved = walkers.current + self.step * size * problem.budget.steepest(gradient)
        walkers.current = problem.budget.project(walkers.images, moved, walkers.region)


def _views(walkers: Walkers, steps: int, chance: float, smallest: float) -> Tensor:
    """How the pictures are shown at each step, (A, steps, 3): scale, then place in [-1, 1] across and down."""
    drawn = walkers.draws.uniform((steps, 4), "views")
    changed = drawn[..., :1] < chance
    scale = torch.where(changed, smallest + (1.0 - smallest) * drawn[..., 1:2], 1.0)
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
