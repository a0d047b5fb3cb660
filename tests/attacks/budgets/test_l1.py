"""The budget in L1: the sum that noise reaches."""

import torch

from facetrial.attacks.budgets.l1 import L1
from tests.helpers.budgets import problem


def test_l1_noise_reaches_its_sum():
    images, _, region = problem()
    filled, reached = L1(20.0).fill(images, torch.randn_like(images) * region)
    assert reached.all()
    sums = (filled.double() - images.double()).abs().sum((1, 2, 3))
    torch.testing.assert_close(sums, torch.full_like(sums, 20.0), rtol=1e-5, atol=0)
