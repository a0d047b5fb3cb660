import pytest
import torch

from facetrial.attacks.attack import Attack
from facetrial.attacks.black_box.noise import Gaussian, SaltAndPepper, Uniform
from facetrial.attacks.budgets.l2 import RMS
from facetrial.attacks.referee import BudgetBreach, referee
from facetrial.core.errors import FacetrialError
from facetrial.faces.batch import Faces
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


def test_a_picture_without_landmarks_is_left_alone_and_said_so():
    faces = some_faces(3)
    faces.landmarks[1] = torch.nan
    result = Attack(Discs("nose"), RMS(0.02), Gaussian())(None, faces, seed=0)
    assert result.attackable.tolist() == [True, False, True]
    assert torch.equal(result.images[1], faces.images[1])
    assert not result.reached[1]


def test_images_outside_the_range_are_refused():
    faces = some_faces(1)
    attack = Attack(Everywhere(), RMS(0.1), Gaussian())
    with pytest.raises(FacetrialError, match=r"\[0, 1\].*divided by 255"):
        attack(None, faces.with_images(faces.images * 255), seed=0)
    with pytest.raises(FacetrialError, match=r"\[0, 1\]"):
        attack(None, faces.with_images(faces.images - 0.5), seed=0)
    with pytest.raises(FacetrialError, match="float32"):
        attack(None, faces.with_images(faces.images.double()), seed=0)


def test_not_a_number_is_refused():
    faces: Faces = some_faces(1)
    faces.images[0, 0, 0, 0] = torch.nan
    with pytest.raises(FacetrialError, match=r"\[0, 1\]"):
        Attack(Everywhere(), RMS(0.1), Gaussian())(None, faces, seed=0)


class TestReferee:
    """Breaches that an attack could commit are each noticed."""

    images = torch.full((1, 3, 8, 8), 0.5)
    region = torch.ones(1, 1, 8, 8)

    def confirmer(self, attacked, region=None, norm="rms", limit=0.1):
        region = self.region if region is None else region
        referee(self.images, attacked, region, norm, limit, ["who/1.png"])

    def test_what_keeps_the_rules_passes(self):
        self.confirmer(self.images + 0.1)
        self.confirmer(self.images + 0.1, norm="linf")
        self.confirmer(self.images + 0.1, norm="l2", limit=0.1 * (3 * 64) ** 0.5)

    def test_too_much(self):
        with pytest.raises(BudgetBreach, match=r"who/1\.png: rms"):
            self.confirmer(self.images + 0.1001)

    def test_out_of_range(self):
        with pytest.raises(BudgetBreach, match="outside"):
            self.confirmer(self.images + 0.6, limit=1.0)

    def test_out_of_region(self):
        region = self.region.clone()
        region[..., 0] = 0
        with pytest.raises(BudgetBreach, match="region"):
            self.confirmer(self.images + 0.01, region)

    def test_not_a_number(self):
        with pytest.raises(BudgetBreach):
            self.confirmer(self.images * torch.nan)

    def test_other_precision(self):
        with pytest.raises(BudgetBreach, match="float32"):
            self.confirmer(self.images.double())
