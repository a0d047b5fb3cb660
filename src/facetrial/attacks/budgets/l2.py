"""Budgets in L2: the norm over the whole picture, or its root mean square."""

import math
from typing import Annotated

import torch
from torch import Tensor

from facetrial.attacks.budgets.budget import Budget, norms, room
from facetrial.attacks.budgets.filling import scale_to_norm
from facetrial.core.checked_settings import checked
from facetrial.core.randomness import Draws
from facetrial.core.settings import Positive, PositiveShare, Unit

_ROUNDS = 4


class L2(Budget):
    """Euclidean norm over the whole picture (all pixels and channels), in [0, 1] units.

    Args:
        eps: the norm.

    Raises:
        FacetrialError: `eps` is not a positive finite number.
    """

    norm = "l2"
    power = 2.0

    @checked("attack.budget")
    def __init__(self, eps: Annotated[Positive, Unit("in [0, 1] units")]) -> None:
        self.eps = float(eps)

    @property
    def limit(self) -> float:
        return self.eps

    def size(self, height: int, width: int) -> float | Tensor:
        if self.eps > (largest := math.sqrt(3 * height * width)):
            raise self.too_large(height, width, largest)
        return self.eps * self.part

    def measure(self, change: Tensor) -> Tensor:
        return norms(change)[:, 0, 0, 0]

    def fill(self, images: Tensor, direction: Tensor) -> tuple[Tensor, Tensor]:
        size = self.size(*images.shape[-2:])
        scale, reached = scale_to_norm(images, direction, size, power=2)
        changed = images + (scale[:, None, None, None] * direction.double()).nan_to_num(0.0).float()
        return changed.clamp(0.0, 1.0), reached

    def fill_in_order(self, images: Tensor, goal: Tensor, order: Tensor) -> tuple[Tensor, Tensor]:
        limit = self.size(*images.shape[-2:])
        size = torch.as_tensor(limit, dtype=torch.float64, device=images.device).reshape(-1, 1)
        change = (goal - images).double()
        # In fixed point, so that the running sum is the same on every device and at every batch size.
        unit = 2.0**-40
        energy = (change.square().sum(1).flatten(1) / unit).round().long()
        by_order = order.flatten(1).argsort(dim=1, stable=True)
        spent = energy.gather(1, by_order).cumsum(1)
        spent_before = torch.zeros_like(energy).scatter_(1, by_order, spent - energy.gather(1, by_order))
        left = ((size**2 / unit).round().long() - spent_before).clamp(min=0)
        share = (left.double() / energy.clamp(min=1).double()).clamp(max=1.0).sqrt()
        changed = images + (change * share.unflatten(1, order.shape[1:])[:, None]).float()
        reached = spent[:, -1].double() * unit >= size[:, 0] ** 2 * (1 - 1e-9)
        return changed.clamp(0.0, 1.0), reached

    def project(self, images: Tensor, changed: Tensor, region: Tensor) -> Tensor:
        # The nearest point of ball and box lies at clip(images + s x direction) for some s of at most 1.
        size = self.size(*images.shape[-2:])
        direction = (changed - images) * (region > 0)
        space = room(images, direction)
        magnitude = direction.abs()
        scale = (size / norms(direction).clamp(min=1e-30)).clamp(max=1.0)
        for _ in range(_ROUNDS):
            free = scale * magnitude < space
            left = size**2 - norms(space * ~free).square()
            following = (left.clamp(min=0.0) / norms(magnitude * free).square().clamp(min=1e-30)).sqrt()
            scale = torch.maximum(scale, following.clamp(max=1.0))
        change = (scale * direction).clamp(-images, 1.0 - images)
        change *= (size / norms(change).clamp(min=1e-30)).clamp(max=1.0)
        return (images + change).clamp_(0.0, 1.0)

    def steepest(self, gradient: Tensor) -> Tensor:
        return gradient / norms(gradient).clamp(min=1e-30)

    def ball(self, change: Tensor) -> Tensor:
        return change * (self.size(*change.shape[-2:]) / norms(change).clamp(min=1e-30)).clamp(max=1.0)

    def start(self, images: Tensor, region: Tensor, draws: Draws) -> Tensor:
        # Uniform in the ball over the values that may change, then clipped.
        size = self.size(*images.shape[-2:])
        direction = draws.normal(images.shape[1:], "start") * region
        values = 3 * (region > 0).flatten(1).sum(1)[:, None, None, None]
        radius = draws.uniform((1, 1, 1), "start radius") ** (1.0 / values)
        return (images + size * radius * self.steepest(direction)).clamp(0.0, 1.0)


class RMS(L2):
    """Root mean square over the whole picture, in [0, 1] units: L2 divided by the root of 3 x H x W.

    Args:
        rms: in (0, 1].

    Raises:
        FacetrialError: `rms` is outside (0, 1].
    """

    norm = "rms"

    @checked("attack.budget")
    def __init__(self, rms: Annotated[PositiveShare, Unit("of the range of a pixel")]) -> None:
        self.rms = float(rms)

    @property
    def limit(self) -> float:
        return self.rms

    def size(self, height: int, width: int) -> float | Tensor:
        return self.rms * math.sqrt(3 * height * width) * self.part

    def measure(self, change: Tensor) -> Tensor:
        return super().measure(change) / math.sqrt(math.prod(change.shape[1:]))
