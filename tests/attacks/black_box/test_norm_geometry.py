"""Lengths and directions in L2 and Linf: the way back keeps its share, and the direction is the steepest."""

from dataclasses import replace

import pytest
import torch

from facetrial.attacks.black_box.norm_geometry import L2Geometry, LinfGeometry, geometry_of
from facetrial.attacks.budgets.l0 import L0
from facetrial.attacks.budgets.l2 import L2, RMS
from facetrial.attacks.budgets.linf import Linf
from facetrial.core.errors import FacetrialError
from tests.helpers.brightness import brightness_problem

GEOMETRIES = [L2Geometry(), LinfGeometry()]


def region() -> torch.Tensor:
    mask = torch.ones(4, 1, 6, 6)
    mask[..., :2] = 0
    return mask


def test_lengths():
    change = torch.zeros(2, 3, 6, 6)
    change[:, 0, 0, 3], change[:, 1, 5, 5] = 0.3, -0.4
    soft = torch.full((2, 1, 6, 6), 0.5)
    assert L2Geometry().length(change, soft).flatten().tolist() == pytest.approx([0.5, 0.5])
    assert LinfGeometry().length(change, soft).flatten().tolist() == pytest.approx([0.8, 0.8])


@pytest.mark.parametrize("geometry", GEOMETRIES, ids=lambda geometry: type(geometry).__name__)
class TestGeometry:
    def test_so_much_of_the_length_is_left_on_the_way_back(self, geometry):
        change = torch.randn(4, 3, 6, 6) * region()
        share = torch.tensor([0.0, 0.1, 0.5, 1.0])[:, None, None, None]
        back = geometry.back(change, region(), share)
        torch.testing.assert_close(geometry.length(back, region()), share * geometry.length(change, region()))
        assert (back * change >= 0).all()
        assert (back.abs() <= change.abs()).all()
        torch.testing.assert_close(back[3], change[3])

    def test_no_change_of_length_one_rises_more(self, geometry):
        gradient = torch.randn(4, 3, 6, 6) * region()
        direction = geometry.direction(gradient, region())
        torch.testing.assert_close(geometry.length(direction, region()), torch.ones(4, 1, 1, 1))
        rise = (direction * gradient).flatten(1).sum(1)
        for _ in range(50):
            other = (gradient + torch.randn(4, 3, 6, 6)) * region()
            other = other / geometry.length(other, region())
            assert ((other * gradient).flatten(1).sum(1) < rise).all()


@pytest.mark.parametrize(
    ("budget", "expected"), [(L2(1.0), L2Geometry), (RMS(0.1), L2Geometry), (Linf(8), LinfGeometry)]
)
def test_a_budget_has_the_geometry_of_its_norm(budget, expected):
    assert type(geometry_of(replace(brightness_problem(), budget=budget))) is expected


@pytest.mark.parametrize(
    ("budget", "message"), [(L0(3), "found a budget of norm l0"), (L2(1e4), "larger than any change")]
)
def test_a_budget_without_one(budget, message):
    with pytest.raises(FacetrialError, match=message):
        geometry_of(replace(brightness_problem(), budget=budget))
