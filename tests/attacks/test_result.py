"""What is counted of questions: how many, how many for a gradient, and the worst gradient that was met."""

from dataclasses import replace

import torch
from torch import nn

from facetrial.attacks.losses import Margin
from facetrial.attacks.result import Counts, Gradient
from tests.helpers.brightness import brightness_problem

BOTH = torch.arange(2)


class Fickle(nn.Module):
    """Scores whose slopes are of the kinds that are asked for: one, zero or infinite."""

    kinds: tuple[int, ...]

    def forward(self, images):
        of_kind = (
            lambda value: value,
            lambda value: value * 0,
            lambda value: (value - value.detach()).abs().sqrt(),
        )
        sums = images.flatten(1).sum(1)
        own = torch.stack([of_kind[kind](value) for kind, value in zip(self.kinds, sums, strict=True)])
        return torch.stack([own, -own], dim=1)


def test_the_worst_gradient_is_remembered():
    victim = Fickle()
    problem = replace(brightness_problem(), proxy=victim)
    qualities = []
    for victim.kinds in ((0, 0), (1, 2), (0, 0)):
        problem.ask(BOTH, problem.images, Margin())
        qualities.append(problem.counts.gradient.tolist())
    worst = [Gradient.ZERO, Gradient.NOT_FINITE]
    assert qualities == [[Gradient.FINE, Gradient.FINE], worst, worst]
    assert problem.counts.steps.tolist() == problem.queries.tolist() == [3, 3]


def test_nothing_was_asked_at_first():
    counts = Counts.of(torch.tensor([4, 7, 9]))
    assert counts.queries.tolist() == counts.steps.tolist() == [0, 0, 0]
    assert counts.gradient.tolist() == [Gradient.NOT_ASKED] * 3
    counts.queries += 1  # each is a tensor of its own
    assert counts.steps.tolist() == [0, 0, 0]
