"""How far noise goes until a norm is met, against a root finder."""

import math

import pytest
import torch
from scipy.optimize import brentq

from facetrial.attacks.budgets.filling import scale_to_norm
from facetrial.core.exact_sums import exact_sum
from tests.helpers.budgets import noise


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
