"""Shapes: where they sit, how large they are, and that they turn with the face."""

import math

import pytest
import torch

from facetrial.core.errors import FacetrialError
from facetrial.core.randomness import Draws
from facetrial.faces.head import Head
from facetrial.faces.landmark_names import LEFT_EYE, RIGHT_EYE
from facetrial.regions.wearables import Glasses, HatBand, Sticker, WholeFace
from tests.helpers.drawn_heads import heads_at_all_turns
from tests.helpers.faces import some_faces

SHAPES = [Sticker(), Glasses(), HatBand()]
DRAWS = Draws(0, torch.arange(4))


def steep_at(arc: float, bend: float) -> float:
    """The slope of z = -bend x² / 2 where its length from the middle is `arc`, by small steps."""
    x, step = 0.0, abs(arc) / 400
    for _ in range(400):
        x += step / math.sqrt(1 + (bend * (x + step / 2)) ** 2)
    return bend * x


class TestShapes:
    @pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: type(shape).__name__)
    def test_the_mask_has_the_shapes_area_in_units_of_the_face(self, shape):
        faces = some_faces(4)
        mask = shape(faces.landmarks, 96, 96, DRAWS)
        head = Head.of(faces.landmarks)
        unit = head.across.norm(dim=1) * head.down.norm(dim=1)
        # Bent around the head it looks narrower: by the cosine of its slope at each place.
        points = (torch.arange(shape.size[1]) + 0.5) / 80 + shape.left
        steepness = torch.tensor([steep_at(float(arc), shape.bend) for arc in points])
        expected = (shape.alpha().sum(0) / (1 + steepness**2).sqrt()).sum() / 80**2
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
        place = torch.tensor([[0.0, -0.08, Glasses.before]])
        bridge = Head.of(faces.landmarks).pixels(place)[0, 0].round().int()
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
        texture, mask = shape.laid(torch.ones(3, 3, *shape.size), faces.landmarks, 96, 96)
        assert torch.equal(mask, shape(faces.landmarks, 96, 96, DRAWS))
        torch.testing.assert_close(texture, mask.expand_as(texture))

    @pytest.mark.parametrize(
        ("shape", "facing", "turned"),
        [(HatBand(), 0.75, 0.65), (Sticker(), 0.8, 0.75), (Glasses(), 0.85, 0.75)],
    )
    def test_it_lies_on_the_skin_of_drawn_heads_however_they_are_turned(self, shape, facing, turned):
        heads = heads_at_all_turns(200)
        mask = shape(heads.landmarks, *heads.skin.shape[1:], Draws(0, torch.arange(200)))[:, 0]
        on_skin = (mask * heads.skin).sum((1, 2)) / mask.sum((1, 2))
        assert on_skin[heads.yaw.abs() < 0.2].mean() > facing
        assert on_skin[heads.yaw.abs() > 0.4].mean() > turned

    def test_glasses_are_worn_before_the_eyes_of_turned_heads(self):
        heads = heads_at_all_turns(200)
        mask = Glasses()(heads.landmarks, *heads.skin.shape[1:], Draws(0, torch.arange(200)))[:, 0]
        for eye in (LEFT_EYE, RIGHT_EYE):
            x, y = heads.landmarks[:, eye].round().long().unbind(1)
            assert mask[torch.arange(200), y, x].mean() < 0.02

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
