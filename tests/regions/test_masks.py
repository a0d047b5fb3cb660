"""Masks and distances in closed form, and ears where drawn faces have them."""

import math

import pytest
import torch

from facetrial.faces.frames import inter_eye_distance
from facetrial.faces.landmark_names import LEFT_EYE, MOUTH, NOSE_TIP, RIGHT_EYE, indices
from facetrial.regions.masks import (
    disc_mask,
    distance_to_nearest,
    ear_points,
    face_mask,
    radius_of_area,
)
from tests.helpers.drawn_heads import heads_at_all_turns


@pytest.fixture(scope="module")
def heads():
    return heads_at_all_turns(2000)


@pytest.fixture(scope="module")
def far(heads):
    """(B, 2): the ear on the side that is turned away."""
    return torch.stack([heads.yaw > 0, heads.yaw < 0], dim=1)


class TestEars:
    def test_they_lie_where_drawn_heads_have_them_at_all_turns(self, heads):
        unit = inter_eye_distance(heads.landmarks)[:, None]
        distance = (ear_points(heads.landmarks) - heads.ears).norm(dim=-1) / unit
        distance = distance[distance.isfinite()]
        assert distance.median() <= 0.12
        assert distance.quantile(0.95) <= 0.25

    def test_none_lies_on_an_eye(self, heads):
        ears = ear_points(heads.landmarks).nan_to_num(torch.inf)
        eyes = heads.landmarks[:, [LEFT_EYE, RIGHT_EYE]]
        nearest = torch.cdist(ears, eyes).flatten(1).amin(1) / inter_eye_distance(heads.landmarks)
        assert nearest.min() > 0.3  # the radius of a disc
        corners = heads.landmarks[:, list(indices("left_eye_outer", "right_eye_outer"))]
        outward = (corners - eyes) / (corners - eyes).norm(dim=-1, keepdim=True)
        beyond = ((ear_points(heads.landmarks) - corners) * outward).sum(-1)
        assert (beyond[beyond.isfinite()] > 0).all()

    def test_hidden_ones_are_left_out(self, heads, far):
        shown = ear_points(heads.landmarks).isfinite().all(-1)
        assert shown[~far].all()
        assert (shown == heads.seen)[far].float().mean() > 0.9
        assert shown[far & (heads.yaw.abs() > 0.35)[:, None]].float().mean() < 0.01
        assert shown[far & (heads.yaw.abs() < 0.1)[:, None]].all()

    def test_a_head_without_a_nose_counts_as_facing_the_camera(self, heads):
        landmarks = heads.landmarks[:4].clone()
        landmarks[:, NOSE_TIP] = torch.nan
        landmarks[0, LEFT_EYE] = torch.nan
        landmarks[1, list(MOUTH)] = torch.nan
        assert ear_points(landmarks).isfinite().flatten(1).all(1).tolist() == [False, True, True, True]
        middle = landmarks[2:, [LEFT_EYE, RIGHT_EYE]].mean(1)
        apart = (ear_points(landmarks)[2:] - middle[:, None]).norm(dim=-1)
        torch.testing.assert_close(apart[:, 0], apart[:, 1], rtol=0.05, atol=0)


def distances(radius_at_most: int = 40) -> torch.Tensor:
    """Pixels from a centre that all discs of this radius leave room for."""
    side = 2 * radius_at_most + 1
    centre = torch.full((1, 1, 2), float(radius_at_most))
    return distance_to_nearest(centre, side, side)


@pytest.mark.parametrize("softness", [0.0, 0.4, 1.0])
@pytest.mark.parametrize("radius", [8.0, 20.0])
def test_a_disc_has_the_area_of_its_integral(radius, softness):
    mask = disc_mask(distances(), torch.tensor([radius]), softness)
    # Under a ramp from r (1 - s/2) to r (1 + s/2) lies the disc's own area and a twelfth of s squared more.
    expected = math.pi * radius**2 * (1 + softness**2 / 12)
    assert float(mask.sum()) == pytest.approx(expected, rel=0.025)


def test_an_unknown_radius_leaves_no_disc():
    for softness in (0.0, 0.5):
        assert disc_mask(distances(), torch.tensor([torch.nan]), softness).sum() == 0


@pytest.mark.parametrize("softness", [0.0, 0.5])
def test_the_radius_of_an_area_is_the_smallest_that_has_it(softness):
    area, allowed = torch.tensor([900.0]), torch.ones(1, 81, 81)
    radius = radius_of_area(distances(), allowed, area, softness)
    assert float(radius) == pytest.approx((900 / math.pi / (1 + softness**2 / 12)) ** 0.5, rel=0.02)
    assert disc_mask(distances(), radius, softness).sum() >= area
    assert disc_mask(distances(), 0.99 * radius, softness).sum() < area
    allowed[:, :, 41:] = 0  # of the right half nothing counts
    half = radius_of_area(distances(), allowed, area, softness)
    assert float(half / radius) == pytest.approx(2**0.5, rel=0.05)


def test_distances_are_to_the_nearest_point_that_is_known():
    points = torch.tensor([[[0.0, 0.0], [9.0, 0.0], [torch.nan, 1.0]], [[torch.nan, torch.nan]] * 3])
    found = distance_to_nearest(points, 5, 10)
    assert found[0, 4, 3] == 5  # 3 across and 4 down
    assert found[0, 0, 7] == 2
    assert found[1].isinf().all()


def test_a_face_is_an_ellipse():
    landmarks = torch.full((1, 15, 2), torch.nan)
    landmarks[0, LEFT_EYE], landmarks[0, RIGHT_EYE] = (
        torch.tensor([130.0, 100.0]),
        torch.tensor([70.0, 100.0]),
    )
    landmarks[0, list(MOUTH)] = torch.tensor([100.0, 160.0])
    mask = face_mask(landmarks, 260, 220)[0]
    # Half as wide as 1.2 times the distance of the eyes, half as high as 1.4 times that from eyes to mouth.
    assert float(mask.sum()) == pytest.approx(math.pi * (1.2 * 60) * (1.4 * 60), rel=0.01)
    rows, columns = mask.any(1).nonzero()[:, 0], mask.any(0).nonzero()[:, 0]
    assert (rows[0] + rows[-1]) / 2 == pytest.approx(122.5, abs=1)
    assert (columns[0] + columns[-1]) / 2 == pytest.approx(100, abs=1)


def test_the_ellipse_of_a_face_goes_where_the_head_turns(heads):
    masks = face_mask(heads.landmarks, *heads.skin.shape[1:])
    on_skin = (masks & heads.skin).flatten(1).sum(1) / masks.flatten(1).sum(1)
    turned = heads.yaw.abs() > 0.4
    assert on_skin[turned].mean() > 0.75
    assert on_skin[~turned].mean() > 0.77
