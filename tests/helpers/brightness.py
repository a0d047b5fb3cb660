"""A problem of two pictures, before a victim that sees the first pixel alone."""

import torch

from facetrial.attacks.budgets.linf import Linf
from facetrial.attacks.goals import Criterion
from facetrial.attacks.problem import Problem
from facetrial.attacks.result import Counts
from facetrial.core.randomness import Draws


def brightness_problem(threshold: float = 0.5) -> Problem:
    """Dodging, where a picture fools the victim whose first pixel is redder than `threshold`; both have 0.2."""

    def victim(images):
        first = images[:, 0, 0, 0]
        return torch.stack([torch.full_like(first, threshold), first], 1)

    images = torch.full((2, 3, 4, 4), 0.2)
    criterion = Criterion(torch.zeros(2, dtype=torch.int64))
    region, landmarks = torch.ones(2, 1, 4, 4), torch.full((2, 15, 2), torch.nan)
    return Problem(
        victim,
        victim,
        criterion,
        images,
        region,
        Linf(200),
        landmarks,
        Draws(0, torch.arange(2)),
        ["a", "b"],
        Counts.of(torch.arange(2)),
        torch.arange(2),
    )


def with_brightness(problem: Problem, *brightness: float) -> torch.Tensor:
    """The first pictures of a problem with their first pixel so red."""
    pictures = problem.images[: len(brightness)].clone()
    pictures[:, 0, 0, 0] = torch.tensor(brightness)
    return pictures
