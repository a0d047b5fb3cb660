import math

import pytest
import torch
from scipy.optimize import brentq

from facetrial.attacks.budgets.filling import scale_to_norm
from facetrial.attacks.budgets.l2 import L2, RMS
from facetrial.core.errors import FacetrialError
from facetrial.core.exact_sums import exact_sum


def noise(count=4, size=32):
    return torch.rand(count, 3, size, size), torch.randn(count, 3, size, size)


def test_exact_sum_is_the_sum_in_any_order():
    values = torch.randn(2, 5000, dtype=torch.float64)
    torch.testing.assert_close(exact_sum(values), values.sum(1), rtol=0, atol=5000 * 2.0**-37)
    assert torch.equal(exact_sum(values), exact_sum(values.flip(1)))
    assert torch.equal(exact_sum(values)[:1], exact_sum(values[:1]))


@pytest.mark.parametrize("rms", [0.01, 0.1, 0.3])
def test_the_scale_is_the_root_that_a_solver_finds(rms):
    images, direction = noise(1)
    size = rms * math.sqrt(images[0].numel())

    def excess(scale):
        change = (images.double() + scale * direction.double()).clamp(0, 1) - images.double()
        return float(change.norm()) - size

    scale, reached = scale_to_norm(images, direction, size, power=2)
    assert reached.item()
    assert scale.item() == pytest.approx(brentq(excess, 0, 1e3, xtol=1e-13), rel=1e-7)


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
