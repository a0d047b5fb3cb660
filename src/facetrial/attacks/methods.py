"""Methods: how a perturbation is found. The ones here draw it at random, without looking at the victim."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from enum import IntEnum

import torch
from torch import Tensor, nn

from facetrial.attacks.budgets import Budget
from facetrial.attacks.goals import Aim
from facetrial.errors import FacetrialError
from facetrial.randomness import Draws


class Gradient(IntEnum):
    """The worst that an attack met on a picture when it asked for a gradient."""

    NOT_ASKED = 0
    FINE = 1
    ZERO = 2
    NOT_FINITE = 3


@dataclass
class Problem:
    """What a method is given: pictures that can be attacked, and the rules.

    Attributes:
        victim: scores (B, C) from images; None where a method is known not to ask it.
        aim: what is wanted of each picture.
        images: (B, 3, H, W) in [0, 1].
        region: (B, 1, H, W) in [0, 1], nowhere all zero.
        budget: how much.
        draws: random numbers for these pictures.
    """

    victim: nn.Module | None
    aim: Aim
    images: Tensor
    region: Tensor
    budget: Budget
    draws: Draws


@dataclass
class Found:
    """What a method returns for B pictures.

    Attributes:
        images: (B, 3, H, W) in [0, 1].
        reached: (B,) bool, whether the change reaches the budget's size.
        queries: int64 (B,), pictures shown to the victim.
        steps: int64 (B,), of these, pictures whose gradient was asked for.
        gradient: int64 (B,), as in `Gradient`.
    """

    images: Tensor
    reached: Tensor
    queries: Tensor
    steps: Tensor
    gradient: Tensor


class Method(ABC):
    """How."""

    asks_victim = True

    @abstractmethod
    def __call__(self, problem: Problem) -> Found:
        """Attacks the pictures of `problem`."""


class Draw(Method):
    """Base of methods that draw a perturbation once and ask the victim nothing."""

    asks_victim = False

    @abstractmethod
    def fill(self, problem: Problem) -> tuple[Tensor, Tensor]:
        """Pictures (B, 3, H, W) and whether each reaches the budget, (B,) bool."""

    def __call__(self, problem: Problem) -> Found:
        images, reached = self.fill(problem)
        none = torch.zeros(len(images), dtype=torch.int64, device=images.device)
        return Found(images, reached, queries=none, steps=none.clone(), gradient=none.clone())


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

    def __init__(self, salt: float = 0.5) -> None:
        if not 0 <= salt <= 1:
            raise FacetrialError(f"attack.method.salt must lie in [0, 1], found {salt}.")
        self.salt = salt

    def fill(self, problem: Problem) -> tuple[Tensor, Tensor]:
        images, region = problem.images, problem.region
        height, width = images.shape[-2:]
        chance = problem.draws.uniform((2, height, width), "salt and pepper")
        colour = (chance[:, 1:] < self.salt).float()
        goal = torch.where(region > 0, images + region * (colour - images), images).clamp(0.0, 1.0)
        return problem.budget.fill_in_order(images, goal, order=chance[:, 0])
