"""The smallest size at which a walk makes each picture fall, by halving."""

from dataclasses import replace
from typing import Self

import torch
from torch import Tensor

from facetrial.attacks.gradient.iterative import Walk
from facetrial.attacks.method import Found, Method, Problem
from facetrial.attacks.minimum_norm.base import Smallest
from facetrial.core.errors import FacetrialError

_GROWTH = 4.0  # of the size, as long as the picture stands
_HALVINGS = 4  # of what a probe found


class Bisection(Method):
    """Lets a walk try each picture at a size of its own, again and again, between one that fell and one that stood.

    A probe starts from the smallest change that made the picture fall, brought back into the new size, and ends as
    soon as the picture falls. All pictures take their probes together.

    Args:
        method: what tries a size; its budget is that of the attack, cut to the size.
        probes: sizes tried of a picture.
        first: the first size, as a share of the budget's, in (0, 1].
        precision: a picture is done when the size at which it fell is at most this many times the one at which it
            stood, above 1.

    Raises:
        FacetrialError: a setting outside its range; a method that does not stop when a picture falls; a budget whose
            size cannot be cut.
    """

    at_boundary = True

    def __init__(
        self, method: Walk, probes: int = 10, first: float = 1 / 64, precision: float = 1.02
    ) -> None:
        if not isinstance(method, Walk) or not method.leave:
            raise FacetrialError(
                f"attack.method.method must be a walk that leaves pictures when they fall, such as pgd with "
                f"leave=true; found {type(method).__name__}."
            )
        if probes < 1 or probes != int(probes):
            raise FacetrialError(f"attack.method.probes must be a whole number from 1 on, found {probes}.")
        if not 0 < first <= 1:
            raise FacetrialError(f"attack.method.first must lie in (0, 1], found {first}.")
        if not precision > 1:
            raise FacetrialError(f"attack.method.precision must be above 1, found {precision}.")
        self.method = method
        self.probes = probes
        self.first = first
        self.precision = precision

    def longer(self, factor: int) -> Self:
        return type(self)(self.method.longer(factor), self.probes, self.first, self.precision)

    def __call__(self, problem: Problem) -> Found:
        best = Smallest(problem)
        # Sizes are parts of the budget's.
        stood = torch.zeros_like(best.size)
        size = torch.full_like(best.size, self.first)
        looking = ~best.fallen
        for probe in range(self.probes):
            best.fallen.copy_(~looking)
            budget = problem.budget.scaled(size)
            start = None if probe == 0 else budget.project(problem.images, best.images, problem.region)
            self.method.walk(replace(problem, budget=budget, start=start), best)
            fell = looking & best.fallen
            best.shorten(fell.nonzero()[:, 0], _HALVINGS, stood)
            stood = torch.where(looking & ~fell, size, stood)
            falls = best.size / problem.budget.limit
            looking &= (falls > self.precision * stood) & (stood < 1.0)
            size = _between(stood, falls, size)
        best.fallen.copy_(best.size.isfinite())
        best.lengthen()
        return best.found()


def _between(stood: Tensor, falls: Tensor, size: Tensor) -> Tensor:
    """The size to try next, (B,): between the largest that stood and the smallest that fell, or larger."""
    middle = (stood.maximum(falls / _GROWTH**2) * falls).sqrt()
    return torch.where(falls.isinf(), (_GROWTH * size).clamp(max=1.0), middle)
