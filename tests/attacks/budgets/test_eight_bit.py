"""Pictures of 8 bits within a budget: the nearest there are, against all there are."""

import itertools

import numpy as np
import pytest
import torch

from facetrial.attacks.budgets.eight_bit import to_8_bits
from facetrial.attacks.budgets.l1 import L1
from facetrial.attacks.budgets.l2 import L2, RMS
from facetrial.attacks.budgets.linf import Linf

BUDGETS = [Linf(1.5), Linf(0.5), Linf(3), L2(0.4), L1(30), RMS(0.01)]


def pictures(seed=0, count=3, side=16):
    generator = torch.Generator().manual_seed(seed)
    clean = torch.randint(0, 256, (count, 3, side, side), generator=generator) / 255
    return clean, torch.randn(clean.shape, generator=generator)


def test_files_keep_them():
    images = torch.rand(1, 3, 16, 16, generator=torch.Generator().manual_seed(2))
    saved = np.round(images.numpy() * 255).astype(np.uint8)
    assert np.array_equal(to_8_bits(images).numpy(), saved.astype(np.float32) / np.float32(255))
    assert torch.equal(to_8_bits(to_8_bits(images)), to_8_bits(images))


@pytest.mark.parametrize("budget", BUDGETS, ids=lambda budget: f"{budget.norm} {budget.limit:.3g}")
def test_they_keep_to_the_budget_and_lie_beside_the_picture(budget):
    clean, noise = pictures()
    changed = budget.project(clean, clean + noise, torch.ones_like(clean[:, :1]))
    found = budget.in_8_bits(clean, changed)
    assert torch.equal(to_8_bits(found), found)
    assert (budget.measure(found - clean) <= budget.limit * (1 + 1e-5) + 1e-6).all()
    assert ((found - changed).abs() * 255 < 1.001).all()
    # Half of a step of the budget is all that rounding may cost.
    assert (budget.measure(to_8_bits(changed) - clean) > budget.limit).any()


def test_one_and_a_half_steps_become_one():
    clean, noise = pictures()
    changed = (clean + 1.5 / 255 * noise.sign()).clamp(0, 1)
    found = (Linf(1.5).in_8_bits(clean, changed) - clean).abs() * 255
    assert set(found.round().flatten().tolist()) <= {0.0, 1.0}


@pytest.mark.parametrize(("budget", "power"), [(L2(3.1 / 255), 2), (L1(4.3 / 255), 1)])
def test_none_within_the_budget_lies_much_nearer(budget, power):
    """Against every picture of 8 bits whose values lie beside those wanted."""
    generator = torch.Generator().manual_seed(1)
    clean = torch.randint(20, 200, (6, 3, 1, 2), generator=generator) / 255
    wanted = budget.project(
        clean, clean + torch.randn(clean.shape, generator=generator), torch.ones(6, 1, 1, 2)
    )
    found = budget.in_8_bits(clean, wanted)
    for row in range(6):
        below = (wanted[row] * 255 + 1e-4).floor().flatten()
        least = min(
            float((point - wanted[row].flatten() * 255).square().sum())
            for steps in itertools.product((0, 1), repeat=6)
            if ((point := below + torch.tensor(steps)) - clean[row].flatten() * 255).abs().pow(power).sum()
            <= (budget.limit * 255) ** power + 1e-3
        )
        # One value may have gone a step less far than it had to: a price is common to all.
        assert float((found[row] - wanted[row]).mul(255).square().sum()) <= least + 1.0


def test_what_is_within_the_budget_by_rounding_is_rounded():
    clean, noise = pictures()
    changed = (clean + 0.2 * noise / 255).clamp(0, 1)
    assert torch.equal(L2(5.0).in_8_bits(clean, changed), to_8_bits(changed))


def test_clean_pictures_of_more_than_8_bits_come_as_near_as_they_can():
    clean = torch.full((1, 3, 4, 4), 100.4 / 255)
    found = Linf(0.2).in_8_bits(clean, clean + 0.2 / 255)
    assert torch.allclose(found * 255, torch.full_like(found, 100.0))


@pytest.mark.parametrize("budget", [Linf(4), L2(0.05), RMS(0.02)], ids=lambda budget: budget.norm)
def test_what_is_beyond_the_budget_is_rounded_to_the_nearest(budget):
    """A search for the smallest change may end beyond: each value went one step less far."""
    clean = torch.full((2, 3, 8, 8), 100 / 255)
    changed = clean + torch.tensor([12.3, 0.4]).view(2, 1, 1, 1) / 255
    assert torch.equal(budget.in_8_bits(clean, changed)[0], to_8_bits(changed)[0])
