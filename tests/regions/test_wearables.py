"""Shapes: where they sit, how large they are, and what is laid by their maps."""

import math

import pytest
import torch

from facetrial.core.errors import FacetrialError
from facetrial.core.randomness import Draws
from facetrial.faces.frames import inter_eye_distance
from facetrial.faces.homographies import from_face, inverted, laid, moved
from facetrial.faces.landmark_names import LEFT_EYE, RIGHT_EYE
from facetrial.regions.wearables import Glasses, HatBand, Sticker, WholeFace
from tests.helpers.faces import some_faces

SHAPES = [Sticker(), Glasses(), HatBand()]
DRAWS = Draws(0, torch.arange(4))


def tilted():
    return torch.tensor([[[0.9, 0.2, 3.0], [-0.1, 1.1, 5.0], [1e-3, -2e-3, 1.0]]])


class TestMaps:
    def test_the_way_back_of_a_map(self):
        points = torch.rand(1, 9, 2) * 50
        torch.testing.assert_close(
            moved(inverted(tilted()), moved(tilted(), points)), points, rtol=1e-4, atol=1e-3
        )
        torch.testing.assert_close(inverted(tilted()), torch.linalg.inv(tilted()))

    def test_units_of_the_face(self):
        faces = some_faces(4)
        points = moved(
            from_face(faces.landmarks), torch.tensor([[[0.5, 0.0], [-0.5, 0.0], [0.0, 1.0]]]).expand(4, 3, 2)
        )
        torch.testing.assert_close(points[:, 0], faces.landmarks[:, LEFT_EYE])
        torch.testing.assert_close(points[:, 1], faces.landmarks[:, RIGHT_EYE])
        assert (points[:, 2, 1] > faces.landmarks[:, LEFT_EYE, 1]).all()

    def test_the_identity_is_exact(self):
        textures = torch.rand(2, 3, 20, 30)
        eye = torch.eye(3).expand(2, 3, 3)
        torch.testing.assert_close(laid(textures, eye, 20, 30), textures, rtol=0, atol=1e-5)
        wider = laid(textures, eye, 24, 40)
        torch.testing.assert_close(wider[:, :, :20, :30], textures, rtol=0, atol=1e-5)
        assert wider[:, :, 21:].abs().max() < 1e-4
        assert wider[:, :, :, 31:].abs().max() < 1e-4

    def test_a_shift_and_a_scale_put_pixels_where_they_say(self):
        texture = torch.zeros(1, 1, 8, 8)
        texture[0, 0, 2, 5] = 1.0
        shift = torch.tensor([[[1.0, 0.0, 4.0], [0.0, 1.0, 7.0], [0.0, 0.0, 1.0]]])
        assert laid(texture, shift, 16, 16)[0, 0].gt(0.99).nonzero().tolist() == [[9, 9]]
        twice = torch.tensor([[[2.0, 0.0, 0.5], [0.0, 2.0, 0.5], [0.0, 0.0, 1.0]]])
        large = laid(texture, twice, 16, 16)
        assert float(large.sum()) == pytest.approx(4.0, rel=1e-3)

    def test_the_slope_is_that_of_finite_differences(self):
        texture = torch.rand(1, 1, 6, 6, dtype=torch.float64, requires_grad=True)
        assert torch.autograd.gradcheck(lambda t: laid(t, tilted().double(), 12, 12, 2), (texture,))

    @pytest.mark.parametrize("broken", [torch.full((3, 3), torch.nan), torch.zeros(3, 3)])
    def test_a_map_without_a_way_back_lays_nothing_and_spoils_no_other(self, broken):
        textures = torch.ones(2, 1, 8, 8)
        pictures = laid(textures, torch.stack([torch.eye(3), broken]), 8, 8)
        assert pictures[1].eq(0).all()
        torch.testing.assert_close(pictures[0], textures[0])

    def test_what_lies_behind_the_camera_is_not_seen(self):
        steep = torch.tensor([[[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [-0.2, 0.0, 1.0]]])  # from x = 5 on behind
        assert not laid(torch.ones(1, 1, 16, 16), steep, 16, 16).isnan().any()
        assert moved(steep, torch.tensor([[[6.0, 1.0]]])).isnan().all()


class TestShapes:
    @pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: type(shape).__name__)
    def test_the_mask_has_the_shapes_area_in_units_of_the_face(self, shape):
        faces = some_faces(4)
        mask = shape(faces.landmarks, 96, 96, DRAWS)
        unit = inter_eye_distance(faces.landmarks) ** 2
        expected = shape.alpha().sum() / 80**2
        torch.testing.assert_close(mask.sum((1, 2, 3)) / unit, expected.expand(4), rtol=0.02, atol=0)
        assert mask.min() >= 0
        assert mask.max() == 1

    def test_a_rectangle_has_its_known_area(self):
        corners = (4 - math.pi) * 0.08**2
        assert float(Sticker().alpha().sum()) / 80**2 == pytest.approx(0.5 - corners, rel=2e-3)

    def test_glasses_leave_the_eyes_free_and_meet_over_the_nose(self):
        faces = some_faces(1)
        mask = Glasses()(faces.landmarks, 96, 96, DRAWS)[0, 0]
        (lx, ly), (rx, ry) = (faces.landmarks[0, eye].round().int().tolist() for eye in (LEFT_EYE, RIGHT_EYE))
        assert mask[ly, lx] == 0
        assert mask[ry, rx] == 0
        bridge = moved(from_face(faces.landmarks), torch.tensor([[[0.0, -0.08]]]))[0, 0].round().int()
        assert mask[bridge[1], bridge[0]] > 0.9

    def test_it_turns_with_the_face(self):
        faces = some_faces(2)
        turned = torch.stack(
            [95 - faces.landmarks[..., 1], faces.landmarks[..., 0]], dim=-1
        )  # a quarter, clockwise
        for shape in SHAPES:
            upright = shape(faces.landmarks, 96, 96, DRAWS)
            torch.testing.assert_close(
                shape(turned, 96, 96, DRAWS), upright.rot90(-1, (2, 3)), rtol=0, atol=5e-3
            )

    def test_scale_is_about_its_middle(self):
        faces = some_faces(2)
        small, large = (Sticker(scale)(faces.landmarks, 96, 96, DRAWS) for scale in (0.5, 1.0))
        torch.testing.assert_close(small.sum((1, 2, 3)) * 4, large.sum((1, 2, 3)), rtol=0.04, atol=0)
        assert not ((small > 0) & (large == 0)).any()
        assert Sticker(0.5).millimetres == pytest.approx((15.75, 31.5))

    @pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: type(shape).__name__)
    def test_what_is_laid_with_alpha_is_the_regions_mask(self, shape):
        faces = some_faces(3)
        texture, mask = shape.laid(torch.ones(3, 3, *shape.size), shape.placement(faces.landmarks), 96, 96)
        assert torch.equal(mask, shape(faces.landmarks, 96, 96, DRAWS))
        torch.testing.assert_close(texture, mask.expand_as(texture))

    def test_an_unknown_eye_leaves_no_mask(self):
        faces = some_faces(3)
        faces.landmarks[0, LEFT_EYE] = torch.nan
        faces.landmarks[1, LEFT_EYE] = faces.landmarks[1, RIGHT_EYE]
        mask = WholeFace()(faces.landmarks, 96, 96, DRAWS)
        assert (mask.flatten(1).amax(1) > 0).tolist() == [False, False, True]

    @pytest.mark.parametrize("scale", [0.0, -1.0, float("nan"), float("inf")])
    def test_a_senseless_scale(self, scale):
        with pytest.raises(FacetrialError, match=r"attack\.region\.scale"):
            Glasses(scale)
