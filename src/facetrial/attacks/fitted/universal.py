"""One perturbation for many pictures."""

import torch
from torch import Tensor

from facetrial.attacks.budgets.budget import Budget
from facetrial.attacks.fitted.base import Fitted, straight_through
from facetrial.attacks.problem import Problem
from facetrial.core.errors import FacetrialError


class Universal(Fitted):
    """One perturbation that is added to every picture (Moosavi-Dezfooli et al., CVPR 2017).

    It has the size of the picture. What is added is cut by the picture's own region, and projected onto budget and
    [0, 1] together. Where a goal's targets differ from picture to picture, so do the votes of one perturbation. Its
    `step` is a share of the budget's size; the rest as in `Fitted`.
    """

    def blank(self, problem: Problem) -> Tensor:
        return torch.zeros_like(problem.images[0])

    def applied(self, problem: Problem, patterns: Tensor, epoch: int | None = None) -> Tensor:
        images, region = problem.images, problem.region
        changed = images + patterns * region
        with torch.no_grad():
            projected = problem.budget.project(images, changed, region)
        return straight_through(changed, projected) if patterns.requires_grad else projected

    def moved(self, patterns: Tensor, votes: Tensor, step: float, budget: Budget) -> Tensor:
        size = budget.size(*patterns.shape[-2:])
        return budget.ball(patterns + step * size * budget.steepest(votes))

    def check(self, problem: Problem) -> None:
        if self.fitted is None:
            return
        fitted, found = tuple(self.fitted["patterns"].shape[-2:]), tuple(problem.images.shape[-2:])
        if fitted != found:
            raise FacetrialError(
                f"{problem.files[0]} has {found[0]}x{found[1]} pixels; the perturbation was fitted on pictures of "
                f"{fitted[0]}x{fitted[1]}. Fit it again on pictures of this size."
            )
