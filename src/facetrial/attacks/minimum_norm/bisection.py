"""The smallest size at which an iterative attack fools with each picture, by halving."""

from dataclasses import replace
from typing import Annotated, Self

import torch
from torch import Tensor

from facetrial.attacks.gradient.iterative import IterativeAttack
from facetrial.attacks.method import Method
from facetrial.attacks.minimum_norm.base import SmallestChange
from facetrial.attacks.problem import Problem
from facetrial.attacks.result import MethodResult
from facetrial.core.checked_settings import checked
from facetrial.core.errors import FacetrialError
from facetrial.core.settings import Count, PositiveShare, Unit, number

_GROWTH = 4.0  # of the size, as long as the picture is robust
_HALVINGS = 4  # of what a probe found


class Bisection(Method):
    """Has an iterative attack try each picture at a size of its own, between one that fooled and one that did not.

    A probe starts from the smallest change that fooled the victim, brought back into the new size, and ends as
    soon as the victim is fooled. All pictures take their probes together.

    Args:
        method: what tries a size; its budget is that of the attack, cut to the size.
        probes: sizes tried of a picture.
        first: the first size, as a share of the budget's, in (0, 1].
        precision: a picture is done when the size at which it fooled is at most this many times the one at which it
            did not, above 1.

    Raises:
        FacetrialError: a setting outside its range; a method that does not stop at a fooled picture; a budget whose
            size cannot be cut.
    """

    at_boundary = True

    @checked("attack.method")
    def __init__(
        self,
        method: IterativeAttack,
        probes: Count = 10,
        first: Annotated[PositiveShare, Unit("of the budget's size")] = 1 / 64,
        precision: Annotated[float, number("must be above 1", gt=1)] = 1.02,
    ) -> None:
        if not isinstance(method, IterativeAttack) or not method.early_stop:
            raise FacetrialError(
                f"attack.method.method must be an iterative attack that stops at fooled pictures, such as pgd with "
                f"early_stop=true; found {type(method).__name__}."
            )
        self.method = method
        self.probes = probes
        self.first = first
        self.precision = precision

    def longer(self, factor: int) -> Self:
        return type(self)(self.method.longer(factor), self.probes, self.first, self.precision)

    def __call__(self, problem: Problem) -> MethodResult:
        best = SmallestChange(problem)
        # Sizes are parts of the budget's.
        robust = torch.zeros_like(best.size)
        size = torch.full_like(best.size, self.first)
        looking = ~best.fooled
        for probe in range(self.probes):
            best.fooled.copy_(~looking)
            budget = problem.budget.scaled(size)
            start = None if probe == 0 else budget.project(problem.images, best.images, problem.region)
            self.method.run(replace(problem, budget=budget, start=start), best)
            fooled = looking & best.fooled
            best.shorten(fooled.nonzero()[:, 0], _HALVINGS, robust)
            robust = torch.where(looking & ~fooled, size, robust)
            fooling = best.size / problem.budget.limit
            looking &= (fooling > self.precision * robust) & (robust < 1.0)
            size = _between(robust, fooling, size)
        best.fooled.copy_(best.size.isfinite())
        best.lengthen()
        return best.found()


def _between(robust: Tensor, fooling: Tensor, size: Tensor) -> Tensor:
    """The size to try next, (B,): between the largest that did not fool and the smallest that did, or larger."""
    middle = (robust.maximum(fooling / _GROWTH**2) * fooling).sqrt()
    return torch.where(fooling.isinf(), (_GROWTH * size).clamp(max=1.0), middle)
