"""Patches: fitted through random placement, worn in place on other pictures, and printed to scale."""

import re
import zlib

import numpy as np
import pytest
import torch
from PIL import Image

from facetrial.attacks.attack import Attack
from facetrial.attacks.black_box.noise import SaltAndPepper
from facetrial.attacks.budgets.area import Area
from facetrial.attacks.budgets.l0 import L0
from facetrial.attacks.budgets.linf import Linf
from facetrial.attacks.fitted.patch import Jitter, Patch
from facetrial.attacks.fitted.printability import non_printability, printable_colours, total_variation
from facetrial.attacks.goals import Dodging, Impersonation
from facetrial.attacks.losses import Margin
from facetrial.attacks.referee import BudgetBreach, referee
from facetrial.core.errors import FacetrialError
from facetrial.core.randomness import Draws
from facetrial.faces.homographies import moved
from facetrial.regions.regions import Discs
from facetrial.regions.wearables import Glasses, HatBand, Sticker
from tests.attacks.fitted.test_base import NUMBERS, halves, share_that_fell
from tests.helpers.victims import known_faces, trained

# The tiny victim's pictures have eyes 6 pixels apart: shapes are large on them.
JITTER = Jitter(scale=0.1, rotation=5.0, shift=0.05, perspective=0.1, brightness=0.2)
SHAPES = {"sticker": Sticker(2.5), "glasses": Glasses(1.5), "hat_band": HatBand(1.5)}


def patch(shape, per="person", epochs=8, **more):
    return Patch(Margin(), per, epochs, 0.2, shape, **{"jitter": JITTER, "momentum": 0.5} | more)


def at_random(attack):
    """The same attack with textures that were not fitted."""
    fitted = attack.method.fitted
    attack.method.fitted = fitted | {"patterns": torch.rand(fitted["patterns"].shape)}
    return attack


@pytest.mark.parametrize("goal", [Dodging(), Impersonation("nearest")], ids=lambda goal: goal.name)
@pytest.mark.parametrize("shape", SHAPES)
def test_it_fells_pictures_that_it_was_not_fitted_on_as_a_random_texture_does_not(shape, goal):
    known, others = halves()
    attack = Attack(SHAPES[shape], Area(0.8), patch(SHAPES[shape]), goal)
    attack.fit(trained(), known, seed=0)
    attacked = attack(trained(), others, seed=0)
    referee(others.images, attacked.images, attacked.region, "area", 0.8, NUMBERS)
    assert attacked.reached.all()
    unfitted = at_random(attack)(trained(), others, seed=0)
    # To be taken for one other person is harder than to be taken for anyone.
    more = 0.15 if attacked.targets is not None else 0.3
    assert share_that_fell(attacked, others) > share_that_fell(unfitted, others) + more


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
    assert share_that_fell(attacked, others) > 0.2


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


class TestPrinting:
    alpha = torch.ones(6, 8)

    def test_printable_colours_print_and_a_pure_green_does_not(self):
        for colour in printable_colours():
            texture = colour[None, :, None, None].expand(1, 3, 6, 8)
            assert non_printability(texture, self.alpha) < 1e-3
        green = torch.tensor([0.0, 1.0, 0.0])[None, :, None, None].expand(1, 3, 6, 8)
        assert non_printability(green, self.alpha) > 48 * 0.2

    def test_variation_is_the_height_of_an_edge_times_its_length(self):
        texture = torch.zeros(1, 3, 6, 8)
        texture[:, 1, :, 4:] = 0.5
        assert float(total_variation(texture, self.alpha)) == pytest.approx(5 * 0.5, abs=0.01)
        assert float(total_variation(texture, torch.zeros(6, 8))) == pytest.approx(0, abs=0.01)


class TestArea:
    def test_too_large_a_shape_names_picture_and_key(self):
        faces = known_faces(3)
        attack = Attack(Sticker(2.0), Area(0.05), patch(Sticker(2.0)))
        with pytest.raises(FacetrialError, match=r"^\d: the patch covers 0\.\d+.*attack\.budget\.area=0\.05"):
            attack.fit(trained(), faces, seed=0)
        attack.budget = Area(0.9)
        attack.fit(trained(), faces, seed=0)
        attack.budget = Area(0.05)
        with pytest.raises(FacetrialError, match=r"^a\.png: the patch covers"):
            attack(trained(), faces, seed=0, files=["a.png", "b.png", "c.png"])

    def test_the_referee_counts_places(self):
        images = torch.full((1, 3, 10, 10), 0.5)
        attacked, everywhere = images.clone(), torch.ones(1, 1, 10, 10)
        attacked[0, 1, :2] = 1.0
        attacked[0, 2, 0] = 0.0
        referee(images, attacked, everywhere, "area", 0.2, ["a.png"])
        attacked[0, 0, 9, 9] = 0.6
        with pytest.raises(BudgetBreach, match=r"a\.png: area of the change is 0\.21"):
            referee(images, attacked, everywhere, "area", 0.2, ["a.png"])

    def test_it_is_l0_in_another_unit(self):
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
    def test_senseless(self, area):
        with pytest.raises(FacetrialError, match=r"attack\.budget\.area"):
            Area(area)

    def test_less_than_a_pixel(self):
        with pytest.raises(FacetrialError, match="less than one pixel of a picture of 8x8"):
            Area(0.01).size(8, 8)


@pytest.mark.parametrize(("key", "value"), [("total_variation", -1.0), ("printability", float("nan"))])
def test_settings(key, value):
    with pytest.raises(FacetrialError, match=rf"attack\.method\.{key}"):
        patch(Sticker(), **{key: value})


class TestExport:
    """Sizes are read from the files as any other program would."""

    @pytest.fixture
    def folder(self, tmp_path):
        method = patch(Glasses(), "all")
        method.fitted = {"patterns": torch.rand(1, 3, 64, 192), "groups": torch.tensor([0])}
        method.export(tmp_path, ["Ann", "Bea"])
        return tmp_path

    def test_png(self, folder):
        with Image.open(folder / "patch.png") as picture:
            assert picture.mode == "RGBA"
            width = picture.width / picture.info["dpi"][0] * 25.4
            height = picture.height / picture.info["dpi"][1] * 25.4
            alpha = np.asarray(picture)[..., 3]
        assert (width, height) == pytest.approx((2.4 * 63, 0.8 * 63), abs=0.05)
        assert alpha[0, 0] == 0
        assert alpha.max() == 255

    def test_pdf(self, folder):
        data = (folder / "patch.pdf").read_bytes()
        page = [float(value) for value in re.search(rb"/MediaBox \[([^]]*)\]", data)[1].split()]
        assert page[2:] == pytest.approx([210 / 25.4 * 72, 297 / 25.4 * 72], abs=0.01)
        streams = [
            zlib.decompressobj().decompress(part)
            for part in re.findall(rb"stream\r?\n(.*?)endstream", data, re.DOTALL)
            if part[:1] == b"\x78"
        ]
        content = next(stream for stream in streams if b" Do" in stream)
        # A picture is the unit square; what enlarges it is its size on the page, in 1/72 inch.
        scales = re.findall(rb"([\d.]+) 0 0 ([\d.]+) [-\d.]+ [-\d.]+ cm\s*/I\d+ Do", content)
        millimetres = [float(value) / 72 * 25.4 for value in scales[0]]
        assert millimetres == pytest.approx([2.4 * 63, 0.8 * 63], abs=0.3)
        lines = re.findall(rb"([\d.]+) ([\d.]+) m\s+([\d.]+) ([\d.]+) l\s+S", content)
        longest = max(abs(float(c) - float(a)) for a, b, c, d in lines if b == d)
        assert longest / 72 * 25.4 == pytest.approx(50.0, abs=0.01)

    def test_one_file_a_person(self, tmp_path):
        method = patch(Sticker())
        method.fitted = {"patterns": torch.rand(2, 3, 40, 80), "groups": torch.tensor([0, 2])}
        method.export(tmp_path, ["Ann", "Bea", "C/d"])
        assert sorted(path.name for path in (tmp_path / "patch").iterdir()) == [
            "Ann.pdf",
            "Ann.png",
            "C_d.pdf",
            "C_d.png",
        ]
