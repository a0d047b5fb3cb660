"""Patches: fitted through random placement and worn in place on other pictures."""

import pytest
import torch

from facetrial.attacks.attack import Attack
from facetrial.attacks.budgets.area import Area
from facetrial.attacks.budgets.linf import Linf
from facetrial.attacks.fitted.patch import Jitter
from facetrial.attacks.fitted.printability import non_printability, total_variation
from facetrial.attacks.goals import Dodging, Impersonation
from facetrial.attacks.referee import referee
from facetrial.core.errors import FacetrialError
from facetrial.core.randomness import Draws
from facetrial.faces.homographies import moved
from facetrial.regions.regions import Discs
from facetrial.regions.wearables import Glasses, HatBand, Sticker
from tests.helpers.fitted import NUMBERS, halves, patch, share_fooled
from tests.helpers.victims import known_faces, trained

SHAPES = {"sticker": Sticker(2.5), "glasses": Glasses(1.5), "hat_band": HatBand(2.0)}


def at_random(attack):
    """The same attack with textures that were not fitted."""
    fitted = attack.method.fitted
    attack.method.fitted = fitted | {"patterns": torch.rand(fitted["patterns"].shape)}
    return attack


@pytest.mark.parametrize("goal", [Dodging(), Impersonation("nearest")], ids=lambda goal: goal.name)
@pytest.mark.parametrize("shape", SHAPES)
def test_other_pictures_fool_the_victim_too_as_a_random_texture_does_not(shape, goal):
    known, others = halves()
    attack = Attack(SHAPES[shape], Area(0.8), patch(SHAPES[shape]), goal)
    attack.fit(trained(), known, seed=0)
    attacked = attack(trained(), others, seed=0)
    referee(others.images, attacked.images, attacked.region, "area", 0.8, NUMBERS)
    assert attacked.reached.all()
    unfitted = at_random(attack)(trained(), others, seed=0)
    # To be taken for one other person is harder than to be taken for anyone.
    more = 0.15 if attacked.targets is not None else 0.3
    assert share_fooled(attacked, others) > share_fooled(unfitted, others) + more


def test_one_for_all_and_penalties():
    known, _ = halves()
    shape = SHAPES["sticker"]
    textures = []
    for weight in (0.0, 3.0):
        method = patch(shape, "all", total_variation=weight, printability=weight)
        attack = Attack(shape, Area(0.8), method)
        attack.fit(trained(), known, seed=0)
        textures.append(attack.method.fitted["patterns"])
        assert len(textures[-1]) == 1
    alpha = shape.alpha()
    assert total_variation(textures[1], alpha) < total_variation(textures[0], alpha)
    assert non_printability(textures[1], alpha) < non_printability(textures[0], alpha)


def test_a_region_that_is_no_shape_is_cut_out_of_a_texture():
    known, others = halves()
    region = Discs("", 0.6, softness=0.5)
    attack = Attack(region, Area(1.0), patch(region, epochs=2))
    attack.fit(trained(), known, seed=0)
    attacked = attack(trained(), others, seed=0)
    referee(others.images, attacked.images, attacked.region, "area", 1.0, NUMBERS)
    assert share_fooled(attacked, others) > 0.2


def test_a_norm_budget_makes_it_faint():
    known, others = halves()
    shape = SHAPES["sticker"]
    attack = Attack(shape, Linf(16), patch(shape, epochs=1))
    attack.fit(trained(), known, seed=0)
    attacked = attack(trained(), others, seed=0)
    referee(others.images, attacked.images, attacked.region, "linf", 16 / 255, NUMBERS)
    assert (attacked.images != others.images).any()


def test_a_picture_wears_the_same_in_any_batch():
    known, others = halves()
    attack = Attack(SHAPES["glasses"], Area(0.8), patch(SHAPES["glasses"], epochs=1))
    attack.fit(trained(), known, seed=0)
    whole = attack(trained(), others, seed=0).images
    parts = [attack(trained(), others.select(rows), seed=0).images for rows in torch.arange(60).split(7)]
    torch.testing.assert_close(torch.cat(parts), whole, rtol=0, atol=1e-6)


class TestJitter:
    centre = (0.2, -0.8)

    def test_none_is_the_identity(self):
        maps, gains = Jitter().drawn(Draws(0, torch.arange(5)), "test", self.centre)
        torch.testing.assert_close(maps, torch.eye(3).expand(5, 3, 3))
        assert gains.eq(1).all()

    def test_each_stays_within_its_bounds_and_uses_them(self):
        draws = Draws(0, torch.arange(2000))
        middle = torch.tensor([[self.centre]]).expand(2000, 1, 2)
        side = middle + torch.tensor([0.5, 0.0])
        shifted = moved(Jitter(shift=0.1).drawn(draws, "test", self.centre)[0], middle) - middle
        assert 0.09 < shifted.abs().max() <= 0.1001
        maps, _ = Jitter(scale=0.2, rotation=30.0).drawn(draws, "test", self.centre)
        torch.testing.assert_close(moved(maps, middle), middle)
        along = (moved(maps, side) - middle)[:, 0]
        assert 0.79 < along.norm(dim=1).min() / 0.5 < 0.82
        angles = torch.atan2(along[:, 1], along[:, 0]).rad2deg()
        assert 29 < angles.abs().max() <= 30.01
        nearer = (moved(Jitter(perspective=0.1).drawn(draws, "test", self.centre)[0], side) - middle)[:, 0, 0]
        assert 0.5 / 1.1001 <= nearer.min() < 0.46
        assert 0.54 < nearer.max() <= 0.5 / 0.8999
        gains = Jitter(brightness=0.3).drawn(draws, "test", self.centre)[1]
        assert 0.70 <= gains.min() < 0.72

    @pytest.mark.parametrize(("key", "value"), [("scale", 1.0), ("rotation", 90.0), ("shift", -0.1)])
    def test_out_of_range(self, key, value):
        with pytest.raises(FacetrialError, match=rf"attack\.method\.jitter\.{key}"):
            Jitter(**{key: value})


@pytest.mark.parametrize(("key", "value"), [("total_variation", -1.0), ("printability", float("nan"))])
def test_settings(key, value):
    with pytest.raises(FacetrialError, match=rf"attack\.method\.{key}"):
        patch(Sticker(), **{key: value})


def test_too_large_a_shape_names_picture_and_key():
    faces = known_faces(3)
    attack = Attack(Sticker(2.0), Area(0.05), patch(Sticker(2.0)))
    with pytest.raises(FacetrialError, match=r"^\d: the patch covers 0\.\d+.*attack\.budget\.area=0\.05"):
        attack.fit(trained(), faces, seed=0)
    attack.budget = Area(0.9)
    attack.fit(trained(), faces, seed=0)
    attack.budget = Area(0.05)
    with pytest.raises(FacetrialError, match=r"^a\.png: the patch covers"):
        attack(trained(), faces, seed=0, files=["a.png", "b.png", "c.png"])
