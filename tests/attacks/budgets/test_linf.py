"""The budget in Linf: the largest change that noise reaches."""

import torch

from facetrial.attacks.budgets.linf import Linf
from tests.helpers.budgets import problem


def test_linf_noise_reaches_its_largest_change():
    images, _, region = problem()
    filled, reached = Linf(16).fill(images, torch.randn_like(images) * region)
    assert reached.all()
    largest = (filled - images).abs().amax((1, 2, 3))
    torch.testing.assert_close(largest, torch.full_like(largest, 16 / 255), rtol=1e-5, atol=0)
