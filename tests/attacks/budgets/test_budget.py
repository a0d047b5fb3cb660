"""Projections of every convex budget: the nearest point allowed, by the inequality that only it fulfils."""

import numpy as np
import pytest
import torch

from facetrial.attacks.budgets.budget import Budget
from facetrial.attacks.budgets.l0 import L0
from facetrial.attacks.budgets.l1 import L1
from facetrial.attacks.budgets.l2 import L2, RMS
from facetrial.attacks.budgets.linf import Linf
from facetrial.attacks.referee import referee
from facetrial.core.errors import FacetrialError
from facetrial.core.randomness import Draws
from tests.helpers.budgets import SIZE, problem
from tests.helpers.smallest import Half

CONVEX = [Linf(8), Linf(100), L2(1.5), RMS(0.05), L1(10.0), L2(8.0), L1(150.0)]


def names(budget: Budget) -> str:
    return f"{budget.norm} {budget.limit:.3g}"


@pytest.mark.parametrize("budget", CONVEX, ids=names)
class TestConvex:
    def test_the_result_is_allowed(self, budget):
        images, changed, region = problem()
        projected = budget.project(images, changed, region)
        referee(images, projected, region, budget.norm, budget.limit, list("abcde"))

    def test_no_allowed_point_is_nearer(self, budget):
        images, changed, region = problem()
        projected = budget.project(images, changed, region).double()
        away = (changed.double() - projected) * region
        for attempt in range(50):
            # Random allowed points, and those that lie farthest in the direction of `away`.
            towards = (
                away * 1e3 if attempt == 0 else away * 10 * torch.rand_like(away) + torch.randn_like(away)
            )
            allowed = budget.project(images, (images + towards).float(), region).double()
            inner = (away * (allowed - projected)).flatten(1).sum(1)
            scale = away.flatten(1).norm(dim=1) * (allowed - projected).flatten(1).norm(dim=1)
            assert (inner <= 2e-4 * scale + 1e-6).all()

    def test_an_allowed_point_stays(self, budget):
        images, changed, region = problem()
        projected = budget.project(images, changed, region)
        again = budget.project(images, projected, region)
        torch.testing.assert_close(again, projected, rtol=0, atol=2e-6)

    def test_a_start_is_allowed_and_each_restart_has_its_own(self, budget):
        images, _, region = problem()
        draws = Draws(0, torch.arange(5))
        starts = [budget.start(images, region, draws.restarted(restart)) for restart in range(2)]
        assert not torch.equal(*starts)
        for start in starts:
            referee(images, start, region, budget.norm, budget.limit, list("abcde"))

    def test_a_step_has_the_budgets_length(self, budget):
        gradient = torch.randn(5, 3, SIZE, SIZE, dtype=torch.float64)
        step = budget.ascent(gradient, torch.zeros_like(gradient)).flatten(1)
        power = {"linf": np.inf, "l2": 2, "rms": 2, "l1": 2}[
            budget.norm
        ]  # that in L1 is cut by the projection
        torch.testing.assert_close(step.norm(power, dim=1), torch.ones(5, dtype=torch.float64))
        assert ((step * gradient.flatten(1)).sum(1) > 0).all()


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (lambda: Linf(-1), r"attack.budget.eps must lie in \(0, 255\]"),
        (lambda: Linf(256), r"attack.budget.eps must lie in \(0, 255\]"),
        (lambda: L0(1.5), "attack.budget.pixels must be a whole number"),
        (lambda: L1(0), "attack.budget.eps must be a positive number"),
        (lambda: L1(1e4).project(*problem()), "l1 budget 10000 is larger than any change"),
        (lambda: L2(1e4).project(*problem()), "l2 budget 10000 is larger than any change"),
        (lambda: L0(1000).project(*problem()), "l0 budget 1000 is larger than any change"),
        (lambda: L0(5).fill(*problem()[:2]), "norm l0 has no noise on every pixel"),
        (lambda: L0(5).steepest(problem()[0]), "norm l0 has no gradient steps"),
        (
            lambda: Linf(8).fill_in_order(*problem()[:2], torch.rand(5, SIZE, SIZE)),
            "norm linf has no noise on single",
        ),
    ],
)
def test_what_a_budget_cannot_be_or_do(made, message):
    with pytest.raises(FacetrialError, match=message):
        made()


@pytest.mark.parametrize("budget", [Linf(64), L2(5.0), RMS(0.3), L1(40.0)], ids=lambda budget: budget.norm)
def test_a_scaled_budget_gives_each_picture_its_size(budget):
    images, region = torch.rand(4, 3, 8, 8), Half()(torch.zeros(4), 8, 8, None)
    part = torch.tensor([0.01, 0.1, 0.5, 1.0])
    scaled = budget.scaled(part)
    draws = Draws(0, torch.arange(4))
    far = images + torch.randn_like(images)
    for rows in (torch.arange(4), torch.tensor([2, 0])):
        own = scaled.select(rows)
        pictures = [own.project(images[rows], far[rows], region[rows])]
        pictures += [
            own.start(images[rows], region[rows], draws.select(rows)),
            own.fill(images[rows], far[rows] - images[rows])[0],
        ]
        for shown in pictures:
            sizes = budget.measure(shown - images[rows])
            assert (sizes <= part[rows] * budget.limit * (1 + 1e-4)).all()
        reached = budget.measure(pictures[0] - images[rows]) / budget.limit
        torch.testing.assert_close(reached[part[rows] < 0.2], part[rows][part[rows] < 0.2], rtol=1e-3, atol=0)
        referee(images[rows], pictures[0], region[rows], budget.norm, budget.limit, list("abcd")[: len(rows)])
