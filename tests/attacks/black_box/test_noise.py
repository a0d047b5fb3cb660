"""Noise: it keeps to region and budget, is the same in any batch, and another at each draw."""

import pytest
import torch

from facetrial.attacks.attack import Attack
from facetrial.attacks.black_box.noise import Gaussian, SaltAndPepper, Uniform
from facetrial.attacks.budgets.l0 import L0
from facetrial.attacks.budgets.l2 import RMS
from facetrial.attacks.referee import referee
from facetrial.core.errors import FacetrialError
from facetrial.regions.regions import Discs, Everywhere, Scattered
from tests.helpers.faces import some_faces

REGIONS = {"everywhere": Everywhere(), "landmarks": Discs(), "scattered": Scattered(Discs(softness=0.5))}
METHODS = [Gaussian(), Uniform(), SaltAndPepper()]


@pytest.mark.parametrize("method", METHODS, ids=lambda method: type(method).__name__)
@pytest.mark.parametrize("region", REGIONS)
def test_every_method_keeps_to_every_region_and_reaches_the_budget(region, method):
    faces = some_faces(6)
    result = Attack(REGIONS[region], RMS(0.05), method)(None, faces, seed=0)
    referee(faces.images, result.images, result.region, "rms", 0.05, list("abcdef"))
    assert result.attackable.all()
    assert result.reached.all()
    rms = (result.images.double() - faces.images.double()).square().mean((1, 2, 3)).sqrt()
    torch.testing.assert_close(rms, torch.full_like(rms, 0.05), rtol=1e-6, atol=0)


@pytest.mark.parametrize("method", METHODS, ids=lambda method: type(method).__name__)
@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize("batch_size", [1, 7])
def test_a_picture_is_attacked_the_same_in_any_batch(region, method, batch_size):
    faces = some_faces(20)
    attack = Attack(REGIONS[region], RMS(0.06), method)
    whole = attack(None, faces, seed=0).images
    parts = [attack(None, faces.select(rows), seed=0).images for rows in torch.arange(20).split(batch_size)]
    assert torch.equal(torch.cat(parts), whole)


def test_seed_and_draw_change_the_noise():
    faces = some_faces(2)
    attack = Attack(Everywhere(), RMS(0.1), Gaussian())
    first = attack(None, faces, seed=0).images
    assert not torch.equal(first, attack(None, faces, seed=1).images)
    assert not torch.equal(first, attack(None, faces, seed=0, draw=1).images)


@pytest.mark.parametrize("salt", [0.0, 0.25, 1.0])
def test_so_many_pixels_turn_white_and_the_others_black(salt):
    faces = some_faces(6)
    attacked = Attack(Everywhere(), L0(2000), SaltAndPepper(salt))(None, faces, seed=0)
    changed = (attacked.images != faces.images).any(1)
    values = attacked.images.movedim(1, -1)[changed]
    assert (values == values[:, :1]).all()
    assert set(values.unique().tolist()) <= {0.0, 1.0}
    assert float(values[:, 0].mean()) == pytest.approx(salt, abs=0.02)


@pytest.mark.parametrize("salt", [-0.1, 1.5])
def test_a_share_that_is_none(salt):
    with pytest.raises(FacetrialError, match=r"attack\.method\.salt"):
        SaltAndPepper(salt)
