"""Budgets: how much a picture may be changed."""

import math
from abc import ABC, abstractmethod

import torch
from torch import Tensor

from facetrial.attacks.exact import fixed_point, total
from facetrial.errors import FacetrialError


class Budget(ABC):
    """A norm of the change to a picture and its size. The change is what is left after clipping to [0, 1]."""

    norm: str

    @property
    @abstractmethod
    def limit(self) -> float:
        """The largest `norm` that a change may have."""

    @abstractmethod
    def fill(self, images: Tensor, direction: Tensor) -> tuple[Tensor, Tensor]:
        """The pictures as far along `direction` as the budget and [0, 1] allow.

        Args:
            images: (B, 3, H, W) in [0, 1].
            direction: (B, 3, H, W), zero outside the region.

        Returns:
            The pictures (B, 3, H, W) in [0, 1], and (B,) bool: whether the change reaches the budget's size.
        """

    @abstractmethod
    def fill_in_order(self, images: Tensor, goal: Tensor, order: Tensor) -> tuple[Tensor, Tensor]:
        """The pictures with pixels replaced by `goal`, one after another, until the budget is spent.

        Args:
            images: (B, 3, H, W) in [0, 1].
            goal: (B, 3, H, W) in [0, 1]; equal to `images` outside the region.
            order: (B, H, W): pixels with lower values come first.

        Returns:
            As `fill`; the last pixel is replaced in part, so that the budget is met.
        """


class L2(Budget):
    """Euclidean norm over the whole picture (all pixels and channels), in [0, 1] units.

    Args:
        eps: the norm.

    Raises:
        FacetrialError: `eps` is not a positive finite number.
    """

    norm = "l2"

    def __init__(self, eps: float) -> None:
        self.eps = _positive(eps, "attack.budget.eps")

    @property
    def limit(self) -> float:
        return self.eps

    def l2(self, height: int, width: int) -> float:
        """The largest L2 norm of a change to a picture of this size."""
        largest = math.sqrt(3 * height * width)
        if self.eps > largest:
            raise FacetrialError(
                f"the L2 budget {self.eps:g} is larger than any change to a picture of {height}x{width} "
                f"({largest:g}). Give a smaller attack.budget.eps."
            )
        return self.eps

    def fill(self, images: Tensor, direction: Tensor) -> tuple[Tensor, Tensor]:
        size = self.l2(*images.shape[-2:])
        scale, reached = scale_to_l2(images, direction, size)
        changed = images + (scale[:, None, None, None] * direction.double()).nan_to_num(0.0).float()
        return changed.clamp(0.0, 1.0), reached

    def fill_in_order(self, images: Tensor, goal: Tensor, order: Tensor) -> tuple[Tensor, Tensor]:
        size = self.l2(*images.shape[-2:])
        change = (goal - images).double()
        # In fixed point, so that the running sum is the same on every device and at every batch size.
        unit = 2.0**-40
        energy = (change.square().sum(1).flatten(1) / unit).round().long()
        by_order = order.flatten(1).argsort(dim=1, stable=True)
        spent = energy.gather(1, by_order).cumsum(1)
        spent_before = torch.zeros_like(energy).scatter_(1, by_order, spent - energy.gather(1, by_order))
        left = (round(size**2 / unit) - spent_before).clamp(min=0)
        share = (left.double() / energy.clamp(min=1).double()).clamp(max=1.0).sqrt()
        changed = images + (change * share.unflatten(1, order.shape[1:])[:, None]).float()
        reached = spent[:, -1].double() * unit >= size**2 * (1 - 1e-9)
        return changed.clamp(0.0, 1.0), reached


class RMS(L2):
    """Root mean square over the whole picture, in [0, 1] units: L2 divided by the root of 3 x H x W.

    Args:
        rms: in (0, 1].

    Raises:
        FacetrialError: `rms` is outside (0, 1].
    """

    norm = "rms"

    def __init__(self, rms: float) -> None:
        self.rms = _positive(rms, "attack.budget.rms")
        if rms > 1:
            raise FacetrialError(
                f"attack.budget.rms must lie in (0, 1], the range of a pixel; found {rms:g}."
            )

    @property
    def limit(self) -> float:
        return self.rms

    def l2(self, height: int, width: int) -> float:
        return self.rms * math.sqrt(3 * height * width)


def scale_to_l2(images: Tensor, direction: Tensor, size: float) -> tuple[Tensor, Tensor]:
    """The scale s (B,) float64 at which clip(images + s x direction) - images has L2 norm `size`.

    Solves sum_i min(s |d_i|, room_i)^2 = size^2 exactly: with the clipped pixels held fixed it is a quadratic in
    s, and the set of clipped pixels only grows as s rises to its solution, so that a few rounds end it.

    Returns:
        s, infinite where even the fully clipped change is too small, and (B,) bool whether the size is reached.
    """
    magnitude = direction.double().abs()
    room = room_along(images, direction)
    room_squared, magnitude_squared = fixed_point(room.square()), fixed_point(magnitude.square())
    target = size**2
    reached = total(room_squared) > target
    limit = torch.where(magnitude > 0, room / magnitude, torch.inf)
    scale = torch.zeros(len(images), dtype=torch.float64, device=images.device)
    for _ in range(100):
        free = limit > scale[:, None, None, None]
        left = target - total(room_squared * ~free)
        following = torch.where(
            reached, (left / total(magnitude_squared * free)).clamp(min=0).sqrt(), torch.inf
        )
        following = torch.maximum(following, scale)
        if torch.equal(following, scale):
            break
        scale = following
    return scale, reached


def room_along(images: Tensor, direction: Tensor) -> Tensor:
    """How far each value can move along the sign of `direction` before it is clipped, float64 (B, 3, H, W)."""
    room = torch.where(direction > 0, 1.0 - images, images)
    return torch.where(direction == 0, 0.0, room).double()


def _positive(value: float, key: str) -> float:
    if not (math.isfinite(value) and value > 0):
        raise FacetrialError(f"{key} must be a positive number, found {value}.")
    return float(value)
