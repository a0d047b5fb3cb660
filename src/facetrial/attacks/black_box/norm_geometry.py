"""What the norms L2 and Linf make of the lengths and directions of changes."""

from abc import ABC, abstractmethod

import torch
from torch import Tensor

from facetrial.attacks.budgets.budget import norms
from facetrial.attacks.budgets.l2 import L2
from facetrial.attacks.budgets.linf import Linf
from facetrial.attacks.problem import Problem
from facetrial.core.errors import FacetrialError


class Geometry(ABC):
    """What a norm makes of lengths, ways back and directions, for pictures (B, 3, H, W) and a region (B, 1, H, W)."""

    @abstractmethod
    def length(self, change: Tensor, region: Tensor) -> Tensor:
        """(B, 1, 1, 1): the norm of a change; for Linf in units of the region's mask."""

    @abstractmethod
    def back(self, change: Tensor, region: Tensor, share: Tensor) -> Tensor:
        """The change taken back so far that `share` (B, 1, 1, 1) of its length is left."""

    @abstractmethod
    def direction(self, gradient: Tensor, region: Tensor) -> Tensor:
        """The change of length 1 along which the gradient rises most."""


class L2Geometry(Geometry):
    def length(self, change: Tensor, region: Tensor) -> Tensor:
        return norms(change)

    def back(self, change: Tensor, region: Tensor, share: Tensor) -> Tensor:
        return share * change

    def direction(self, gradient: Tensor, region: Tensor) -> Tensor:
        return gradient / norms(gradient).clamp(min=1e-30)


class LinfGeometry(Geometry):
    def length(self, change: Tensor, region: Tensor) -> Tensor:
        return (change.abs() / region.clamp(min=1e-6)).amax((1, 2, 3), keepdim=True)

    def back(self, change: Tensor, region: Tensor, share: Tensor) -> Tensor:
        bound = share * self.length(change, region) * region
        return torch.minimum(torch.maximum(change, -bound), bound)

    def direction(self, gradient: Tensor, region: Tensor) -> Tensor:
        return gradient.sign() * region


_GEOMETRIES = {Linf: LinfGeometry(), L2: L2Geometry()}


def geometry_of(problem: Problem) -> Geometry:
    """That of the problem's budget.

    Raises:
        FacetrialError: the budget is neither Linf nor L2 (or RMS), or too large for the pictures.
    """
    for norm, geometry in _GEOMETRIES.items():
        if isinstance(problem.budget, norm):
            problem.budget.size(*problem.images.shape[-2:])
            return geometry
    raise FacetrialError(
        "attack/method=hop_skip_jump needs attack/budget=l2, rms or linf; found a budget of norm "
        f"{problem.budget.norm}."
    )
