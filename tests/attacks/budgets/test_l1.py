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


def test_what_one_value_alone_brings_is_what_a_change_of_length_1_brings_at_most():
    gradient = torch.randn(4, 3, 6, 6)
    single = torch.zeros_like(gradient).flatten(1)
    single.scatter_(1, gradient.abs().flatten(1).argmax(1, keepdim=True), 1.0)
    risen = (single * gradient.flatten(1)).sum(1).abs()
    torch.testing.assert_close(L1(20.0).rise(gradient), risen)
    spread = gradient / gradient.abs().sum((1, 2, 3), keepdim=True)
    assert (risen >= spread.mul(gradient).sum((1, 2, 3))).all()


def test_projected_steps_are_as_long_as_a_change_as_sparse_as_the_present_one():
    gradient, change = torch.randn(2, 3, 6, 6), torch.zeros(2, 3, 6, 6)
    change[1, :, :2, :2] = 0.7
    lengths = L1(20.0).ascent(gradient, change).flatten(1).norm(dim=1)
    torch.testing.assert_close(lengths, torch.tensor([1.0, 3.0 / 12**0.5]))
    assert (L1(20.0).ascent(torch.zeros_like(gradient), change) == 0).all()
