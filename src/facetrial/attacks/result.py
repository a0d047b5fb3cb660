"""What is said of pictures that are shown, what is counted of it, and what methods and attacks return."""

from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property

import torch
from torch import Tensor

from facetrial.attacks.budgets.budget import Budget
from facetrial.attacks.budgets.eight_bit import to_8_bits


class Gradient(IntEnum):
    """The worst that an attack met on a picture when it asked for a gradient."""

    NOT_ASKED = 0
    FINE = 1
    ZERO = 2
    NOT_FINITE = 3


@dataclass
class LossGradient:
    """What the victim says of B pictures.

    Attributes:
        scores: float32 (B, C).
        loss: float32 (B,).
        gradient: float32 (B, 3, H, W), of the loss; zero where it is not finite.
        zero: (B,) bool, whether the gradient is zero everywhere.
        broken: (B,) bool, whether the gradient has values that are not finite.
    """

    scores: Tensor
    loss: Tensor
    gradient: Tensor
    zero: Tensor
    broken: Tensor


@dataclass
class Counts:
    """What was asked about N pictures.

    Attributes:
        queries: int64 (N,), pictures shown.
        steps: int64 (N,), of these, pictures whose gradient was asked for.
        gradient: int64 (N,), the worst of these gradients, as in `Gradient`.
    """

    queries: Tensor
    steps: Tensor
    gradient: Tensor

    @classmethod
    def of(cls, places: Tensor) -> "Counts":
        """Counts of as many pictures as there are `places`, of which nothing was asked yet."""
        return cls(*(torch.zeros_like(places) for _ in range(3)))


@dataclass
class MethodResult:
    """What a method returns for B pictures.

    Attributes:
        images: (B, 3, H, W) in [0, 1].
        reached: (B,) bool, whether the change reaches the budget's size, of a method that fills it; whether it could be
            used at all, of others.
        smallest: (B,), the size of the smallest change found that meets the goal, in the units of the budget's
            `limit`, infinite where none was found; None where a method does not look for it. Before a victim that draws
            at random the confirmer confirmed it.
    """

    images: Tensor
    reached: Tensor
    smallest: Tensor | None = None


@dataclass
class Attacked:
    """The result of an attack on B pictures, in their order.

    Attributes:
        clean: float32 (B, 3, H, W) in [0, 1], as they were.
        images: float32 (B, 3, H, W) in [0, 1]; a picture that is not attackable is unchanged.
        budget: how much they may be changed.
        region: (B, 1, H, W), where changes were allowed.
        attackable: (B,) bool, whether the region holds any pixel of the picture.
        reached: (B,) bool, as in `MethodResult`; false of a picture that is not attackable.
        queries: int64 (B,), pictures shown to the victim.
        steps: int64 (B,), of these, pictures whose gradient was asked for.
        gradient: int64 (B,), as in `Gradient`.
        targets: int64 (B,), for whom each was to be taken, or SHOWS_TARGET; None when anyone else would do.
        smallest: (B,), as in `MethodResult`, NaN for a picture that is not attackable; None where it was not looked
            for.
    """

    clean: Tensor
    images: Tensor
    budget: Budget
    region: Tensor
    attackable: Tensor
    reached: Tensor
    queries: Tensor
    steps: Tensor
    gradient: Tensor
    targets: Tensor | None
    smallest: Tensor | None = None

    @cached_property
    def saved(self) -> Tensor:
        """The pictures in 8 bits, as a lossless file keeps them, within the budget: float32 (B, 3, H, W)."""
        saved = to_8_bits(self.clean)
        if self.attackable.any():
            within = self.budget.in_8_bits(self.clean, self.images)
            saved = torch.where(self.attackable[:, None, None, None], within, saved)
        return saved
