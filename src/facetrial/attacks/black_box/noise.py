"""Methods that draw a perturbation at random, without looking at the victim."""

from abc import abstractmethod
from typing import Annotated

import torch
from torch import Tensor

from facetrial.attacks.method import Method
from facetrial.attacks.problem import Problem
from facetrial.attacks.result import MethodResult
from facetrial.core.checked_settings import checked
from facetrial.core.settings import Share, Unit


class Draw(Method):
    """Base of methods that draw a perturbation once and ask the victim nothing."""

    asks_victim = False
    asks_gradient = False
    fills_budget = True

    @abstractmethod
    def fill(self, problem: Problem) -> tuple[Tensor, Tensor]:
        """Pictures (B, 3, H, W) and whether each reaches the budget, (B,) bool."""

    def __call__(self, problem: Problem) -> MethodResult:
        return MethodResult(*self.fill(problem))


class Gaussian(Draw):
    """Independent normal noise for every pixel and channel."""

    def fill(self, problem: Problem) -> tuple[Tensor, Tensor]:
        noise = problem.draws.normal(problem.images.shape[1:], "gaussian")
        return problem.budget.fill(problem.images, noise * problem.region)


class Uniform(Draw):
    """Independent noise for every pixel and channel, uniform between two opposite values."""

    def fill(self, problem: Problem) -> tuple[Tensor, Tensor]:
        noise = 2 * problem.draws.uniform(problem.images.shape[1:], "uniform") - 1
        return problem.budget.fill(problem.images, noise * problem.region)


class SaltAndPepper(Draw):
    """Pixels turned white or black, in an order of chance, until the budget is spent.

    Args:
        salt: the share of white among them, in [0, 1].
    """

    @checked("attack.method")
    def __init__(self, salt: Annotated[Share, Unit("of white among the changed pixels")] = 0.5) -> None:
        self.salt = salt

    def fill(self, problem: Problem) -> tuple[Tensor, Tensor]:
        images, region = problem.images, problem.region
        height, width = images.shape[-2:]
        chance = problem.draws.uniform((2, height, width), "salt and pepper")
        colour = (chance[:, 1:] < self.salt).float()
        goal = torch.where(region > 0, images + region * (colour - images), images).clamp(0.0, 1.0)
        return problem.budget.fill_in_order(images, goal, order=chance[:, 0])
