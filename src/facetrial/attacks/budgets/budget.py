"""Budgets: how much a picture may be changed."""

import copy
from abc import ABC, abstractmethod
from typing import Self

import torch
from torch import Tensor

from facetrial.attacks.budgets.eight_bit import to_8_bits, within_power_sum
from facetrial.core.errors import FacetrialError
from facetrial.core.randomness import Draws

# By so much may a change within the budget be off in float32: of the limit, and in all.
_ROUNDING, _PIXEL = 1e-5, 1e-6


class Budget(ABC):
    """A norm of the change to a picture and its size. The change is what is left after clipping to [0, 1].

    A budget offers what its norm has: a method that asks for more gets an error that says so.

    Attributes:
        norm: "rms", "l2", "l1", "linf" or "l0" (pixels).
        power: to which values' changes are taken and summed by the norm, infinity for the largest; None of a norm that
            rounding to 8 bits cannot make larger.
        part: what part of the limit may be used: 1, or for each of B pictures its own, (B, 1, 1, 1).
    """

    norm: str
    power: float | None = None
    part: float | Tensor = 1.0

    @property
    @abstractmethod
    def limit(self) -> float:
        """The largest `norm` that a change may have."""

    @abstractmethod
    def size(self, height: int, width: int) -> float | Tensor:
        """The limit for a picture of this size, in units of the length of `ascent`; after `scaled` (B, 1, 1, 1).

        Raises:
            FacetrialError: it is larger than any change to such a picture.
        """

    @abstractmethod
    def measure(self, change: Tensor) -> Tensor:
        """The norm (B,) of changes (B, 3, H, W), in the units of `limit`."""

    def scaled(self, part: Tensor) -> Self:
        """This budget with a size of its own for each picture: `part` (B,) of the limit, from 0 to 1.

        `size`, `project`, `fill` and `start` then take the B pictures, or those that `select` names.

        Raises:
            FacetrialError: the norm has no such sizes.
        """
        made = copy.copy(self)
        made.part = part[:, None, None, None]
        return made

    def select(self, rows: Tensor) -> Self:
        """The budget of the pictures at `rows`, an index tensor."""
        if not isinstance(self.part, Tensor):
            return self
        return self.scaled(self.part[rows, 0, 0, 0])

    def joined(self, others: Self) -> Self:
        """The budget of these pictures, then of `others`, which have sizes of their own where these have."""
        if not (isinstance(self.part, Tensor) and isinstance(others.part, Tensor)):
            return self
        return self.scaled(torch.cat([self.part, others.part])[:, 0, 0, 0])

    @abstractmethod
    def project(self, images: Tensor, changed: Tensor, region: Tensor) -> Tensor:
        """The pictures nearest to `changed` that keep to budget, region and [0, 1] together.

        Args:
            images: (B, 3, H, W) in [0, 1], the clean pictures.
            changed: (B, 3, H, W), of any values.
            region: (B, 1, H, W) in [0, 1]; where it is 0 nothing may change.
        """

    def in_8_bits(self, images: Tensor, changed: Tensor) -> Tensor:
        """The pictures of 8 bits nearest to `changed` that keep to the budget, where `images` have 8 bits too.

        Args:
            images: (B, 3, H, W) in [0, 1], clean.
            changed: (B, 3, H, W) in [0, 1]; the nearest of 8 bits is taken for those that are not within the budget.
        """
        nearest = to_8_bits(changed)
        if self.power is None:
            return nearest
        within = within_power_sum(images, changed, self.size(*images.shape[-2:]), self.power)
        inside = self.measure(changed - images) <= self.limit * (1 + _ROUNDING) + _PIXEL
        return torch.where(inside[:, None, None, None], within, nearest)

    def fill(self, images: Tensor, direction: Tensor) -> tuple[Tensor, Tensor]:
        """The pictures as far along `direction` as the budget and [0, 1] allow.

        Args:
            images: (B, 3, H, W) in [0, 1].
            direction: (B, 3, H, W), zero outside the region.

        Returns:
            The pictures (B, 3, H, W) in [0, 1], and (B,) bool: whether the change reaches the budget's size.
        """
        raise self._lacks("noise on every pixel")

    def fill_in_order(self, images: Tensor, goal: Tensor, order: Tensor) -> tuple[Tensor, Tensor]:
        """The pictures with pixels replaced by `goal`, one after another, until the budget is spent.

        Args:
            images: (B, 3, H, W) in [0, 1].
            goal: (B, 3, H, W) in [0, 1]; equal to `images` outside the region.
            order: (B, H, W): pixels with lower values come first.

        Returns:
            As `fill`; the last pixel is replaced in part, so that the budget is met.
        """
        raise self._lacks("noise on single pixels")

    def steepest(self, gradient: Tensor) -> Tensor:
        """The direction (B, 3, H, W), along which `gradient` rises most; of length 1 in the budget's norm."""
        raise self._lacks("gradient steps")

    def rise(self, gradient: Tensor) -> Tensor:
        """By how much (B,) what has this gradient rises at most, to first order, for a change of length 1."""
        return (gradient * self.steepest(gradient)).flatten(1).sum(1)

    def ascent(self, gradient: Tensor, change: Tensor) -> Tensor:
        """The direction (B, 3, H, W) of steps from `change`, which are all projected."""
        return self.steepest(gradient)

    def ball(self, change: Tensor) -> Tensor:
        """The change nearest to `change` (B, 3, H, W) that the budget allows on a picture of any pixels."""
        raise self._lacks("form for one change to all pictures")

    def start(self, images: Tensor, region: Tensor, draws: Draws) -> Tensor:
        """Pictures drawn at random inside budget, region and [0, 1], to start from."""
        raise self._lacks("random start")

    def too_large(self, height: int, width: int, largest: float) -> FacetrialError:
        """The error of a budget that no change to a picture of this size can exceed."""
        return FacetrialError(
            f"the {self.norm} budget {self.limit:g} is larger than any change to a picture of {height}x{width} "
            f"({largest:g}). Give a smaller one."
        )

    def _lacks(self, what: str) -> FacetrialError:
        return FacetrialError(
            f"a budget of norm {self.norm} has no {what}; choose another attack/budget or attack/method."
        )


def norms(change: Tensor) -> Tensor:
    """Euclidean norms (B, 1, 1, 1) of changes (B, 3, H, W)."""
    lengths: Tensor = change.flatten(1).norm(dim=1)
    return lengths[:, None, None, None]


def room(images: Tensor, direction: Tensor) -> Tensor:
    """How far each value can move along the sign of `direction` within [0, 1], (B, 3, H, W)."""
    return (direction > 0).to(images.dtype).sub(images).abs()
