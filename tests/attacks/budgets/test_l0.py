"""The budget in L0: which pixels are kept, and how many noise changes."""

import torch

from facetrial.attacks.budgets.l0 import L0
from facetrial.attacks.referee import referee
from tests.helpers.budgets import SIZE, problem


def test_l0_keeps_the_pixels_that_matter_most():
    images, changed, region = problem()
    projected = L0(7).project(images, changed, region)
    referee(images, projected, region, "l0", 7, list("abcde"))
    clipped = torch.where(region > 0, changed.clamp(0, 1), images)
    gain = ((changed - images).square() - (changed - clipped).square()).sum(1) * region[:, 0]
    kept = (projected != images).any(1)
    for picture in range(5):
        assert set(gain[picture].flatten().topk(7).indices.tolist()) == set(
            kept[picture].flatten().nonzero()[:, 0].tolist()
        )


def test_l0_noise_changes_as_many_pixels():
    images, _, _ = problem()
    order = torch.rand(5, SIZE, SIZE)
    filled, reached = L0(9).fill_in_order(images, torch.full_like(images, 0.5), order)
    assert reached.all()
    assert ((filled != images).any(1).flatten(1).sum(1) == 9).all()
