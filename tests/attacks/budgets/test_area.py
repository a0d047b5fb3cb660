"""The budget in shares of the picture: L0 in another unit."""

import pytest
import torch

from facetrial.attacks.attack import Attack
from facetrial.attacks.black_box.noise import SaltAndPepper
from facetrial.attacks.budgets.area import Area
from facetrial.attacks.budgets.l0 import L0
from facetrial.attacks.referee import referee
from facetrial.core.errors import FacetrialError
from facetrial.regions.regions import Discs
from tests.helpers.victims import known_faces


def test_it_is_l0_in_another_unit():
    faces = known_faces(4)
    changed = torch.rand(4, 3, 16, 16)
    region = torch.ones(4, 1, 16, 16)
    assert torch.equal(
        Area(10.5 / 256).project(faces.images, changed, region),
        L0(10).project(faces.images, changed, region),
    )
    attacked = Attack(Discs("nose", 0.9), Area(0.05), SaltAndPepper())(None, faces, seed=0)
    assert attacked.reached.all()
    referee(faces.images, attacked.images, attacked.region, "area", 0.05, list("abcd"))


@pytest.mark.parametrize("area", [0.0, -0.1, 1.1, float("nan")])
def test_senseless(area):
    with pytest.raises(FacetrialError, match=r"attack\.budget\.area"):
        Area(area)


def test_less_than_a_pixel():
    with pytest.raises(FacetrialError, match="less than one pixel of a picture of 8x8"):
        Area(0.01).size(8, 8)
