"""Noise of a budget's full size: within region and range, and as large as it is to be."""

import pytest
import torch

from facetrial.attacks.budgets.area import Area
from facetrial.attacks.budgets.l0 import L0
from facetrial.attacks.budgets.l1 import L1
from facetrial.attacks.budgets.l2 import L2, RMS
from facetrial.attacks.budgets.linf import Linf
from facetrial.checks.controls.noise import noisy
from facetrial.core.randomness import Draws

BUDGETS = [Linf(8), L2(0.4), RMS(0.02), L1(6.0), L0(9), Area(0.05)]


@pytest.mark.parametrize("budget", BUDGETS, ids=lambda budget: budget.norm)
@pytest.mark.parametrize("number", range(3))
def test_it_has_the_size_that_it_is_to_have_and_stays_in_the_region(budget, number):
    images, region = torch.full((4, 3, 16, 16), 0.5), torch.ones(4, 1, 16, 16)
    region[..., 8:, :] = 0
    size = torch.tensor([1.0, 1.0, 0.8, 0.4]) * budget.limit
    changed = noisy(images, region, budget, size, Draws(0, torch.arange(4)), number)
    assert torch.equal(changed[..., 8:, :], images[..., 8:, :])
    assert changed.min() >= 0
    assert changed.max() <= 1
    found = (
        (changed != images).any(1).flatten(1).sum(1)
        if budget.norm in ("l0", "area")
        else budget.measure(changed - images)
    )
    if budget.norm in ("l0", "area"):
        size = (size * (256 if budget.norm == "area" else 1)).floor()
    torch.testing.assert_close(found.float(), size.float(), rtol=1e-4, atol=1e-6)
