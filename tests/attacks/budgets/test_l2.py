"""The budgets in L2 and RMS: noise and replaced pixels meet them, and what is out of reach is said."""

import pytest
import torch

from facetrial.attacks.budgets.l2 import L2, RMS
from facetrial.core.errors import FacetrialError
from tests.helpers.budgets import noise


@pytest.mark.parametrize("rms", [0.02, 0.1, 0.3])
def test_the_finished_picture_has_the_budget(rms):
    images, direction = noise()
    filled, reached = RMS(rms).fill(images, direction)
    found = (filled.double() - images.double()).square().mean((1, 2, 3)).sqrt()
    assert reached.all()
    assert filled.min() >= 0
    assert filled.max() <= 1
    torch.testing.assert_close(found, torch.full_like(found, rms), rtol=1e-6, atol=0)


def test_out_of_reach_is_said_and_the_change_is_the_largest():
    images, direction = noise()
    direction[:, :, 4:] = 0
    filled, reached = RMS(0.5).fill(images, direction)
    assert not reached.any()
    assert torch.equal(filled, torch.where(direction == 0, images, (direction > 0).float()))


def test_pixels_replaced_in_order_meet_the_budget():
    images, _ = noise()
    goal = (torch.rand(4, 1, 32, 32) < 0.5).float().expand_as(images)
    order = torch.rand(4, 32, 32)
    filled, reached = L2(10.0).fill_in_order(images, goal, order)
    assert reached.all()
    norms = (filled.double() - images.double()).flatten(1).norm(dim=1)
    torch.testing.assert_close(norms, torch.full_like(norms, 10.0), rtol=1e-6, atol=0)
    changed = (filled != images).any(1)
    for picture in range(4):
        last = order[picture][changed[picture]].max()
        assert changed[picture][order[picture] < last].float().mean() > 0.99
        partial = (filled[picture] != goal[picture]).any(0) & changed[picture]
        assert partial.sum() <= 1


def test_each_picture_may_have_a_size_of_its_own():
    images, _ = noise()
    goal = (torch.rand(4, 1, 32, 32) < 0.5).float().expand_as(images)
    order = torch.rand(4, 32, 32)
    parts = torch.tensor([0.25, 0.5, 0.75, 1.0])
    filled, reached = L2(10.0).scaled(parts).fill_in_order(images, goal, order)
    assert reached.all()
    norms = (filled - images).flatten(1).norm(dim=1)
    torch.testing.assert_close(norms, 10.0 * parts, rtol=1e-5, atol=0)


def test_replacing_all_that_may_be_replaced_can_be_too_little():
    images, _ = noise()
    goal = images.clone()
    goal[:, :, :2] = 1.0
    filled, reached = RMS(0.5).fill_in_order(images, goal, torch.rand(4, 32, 32))
    assert not reached.any()
    torch.testing.assert_close(filled, goal, rtol=0, atol=1e-6)


@pytest.mark.parametrize("rms", [0.0, -0.1, 1.5, float("nan"), float("inf")])
def test_a_senseless_rms_is_refused(rms):
    with pytest.raises(FacetrialError, match=r"attack\.budget\.rms"):
        RMS(rms)


def test_an_l2_larger_than_the_range_is_refused():
    images, direction = noise(size=8)
    with pytest.raises(FacetrialError, match="larger than any change"):
        L2(100.0).fill(images, direction)
