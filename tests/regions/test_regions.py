"""Regions: areas, places, controls elsewhere on the face, and unknown landmarks."""

import math

import pytest
import torch

from facetrial.core.errors import FacetrialError
from facetrial.core.randomness import Draws
from facetrial.faces.frames import inter_eye_distance
from facetrial.faces.landmark_names import EYES, NOSE_TIP, indices
from facetrial.regions.masks import face_mask
from facetrial.regions.regions import Discs, Ears, Everywhere, Scattered
from tests.helpers.faces import some_faces

SIZE = 96


def mask_of(region, faces):
    return region(faces.landmarks, SIZE, SIZE, Draws(0, faces.pictures))


def test_everywhere_is_everywhere():
    assert mask_of(Everywhere(), some_faces(2)).eq(1).all()


def test_a_hard_disc_has_its_area_and_its_place():
    faces = some_faces(5)
    mask = mask_of(Discs("nose", radius=0.3), faces)
    radius = 0.3 * inter_eye_distance(faces.landmarks)
    torch.testing.assert_close(mask.sum((1, 2, 3)), math.pi * radius**2, rtol=0.05, atol=0)
    weights = mask[:, 0] / mask.sum((1, 2, 3))[:, None, None]
    x = (weights.sum(1) * torch.arange(SIZE)).sum(1)
    y = (weights.sum(2) * torch.arange(SIZE)).sum(1)
    torch.testing.assert_close(torch.stack([x, y], 1), faces.landmarks[:, NOSE_TIP], rtol=0, atol=0.5)


def test_a_soft_disc_falls_from_one_to_zero():
    mask = mask_of(Discs("nose", radius=0.3, softness=0.5), some_faces(3))
    assert mask.max() == 1
    assert mask.min() == 0
    assert ((mask > 0.1) & (mask < 0.9)).any()


@pytest.mark.parametrize("softness", [0.0, 0.5])
def test_scattered_has_the_same_area_elsewhere_on_the_face(softness):
    faces = some_faces(8)
    reference = Discs(radius=0.15, softness=softness)
    original, control = mask_of(reference, faces), mask_of(Scattered(reference), faces)
    area, control_area = original.sum((1, 2, 3)), control.sum((1, 2, 3))
    assert ((area - control_area).abs() <= 1.0 + 1e-3 * area).all()
    assert not ((original > 0) & (control > 0)).any()
    assert not ((control[:, 0] > 0) & ~face_mask(faces.landmarks, SIZE, SIZE)).any()


@pytest.mark.parametrize("softness", [0.0, 0.5])
def test_discs_grow_or_shrink_to_an_area(softness):
    faces = some_faces(8)
    for wanted in (0.02, 0.08, 0.3):
        for region in (
            Discs("nose", 0.2, softness, wanted),
            Discs("mouth", 0.2, softness, wanted),
            Ears(area=wanted),
        ):
            area = mask_of(region, faces).mean((1, 2, 3))
            assert (area - wanted).abs().max() < 3 / SIZE**2
    region = Discs("", softness=softness, area=0.08)
    control = mask_of(Scattered(region), faces)
    assert (control.mean((1, 2, 3)) - 0.08).abs().max() < 3 / SIZE**2
    assert not ((control > 0) & (mask_of(region, faces) > 0)).any()


def test_an_area_does_not_depend_on_the_batch_and_needs_a_landmark():
    faces = some_faces(4)
    faces.landmarks[0, NOSE_TIP] = torch.nan
    region = Discs("nose", area=0.05)
    whole = mask_of(region, faces)
    assert whole[0].sum() == 0
    assert torch.equal(mask_of(region, faces.select(torch.tensor([2]))), whole[2:3])
    with pytest.raises(FacetrialError, match=r"attack.region.area must lie in \(0, 1\) \(of the picture\)"):
        Discs("nose", area=1.5)


def test_regions_that_are_compared_at_an_equal_area_say_which():
    faces = some_faces(4)
    reference, at_an_area = Discs(""), Scattered(Discs("", area=0.05))
    control = Scattered(reference, area=0.05)
    torch.testing.assert_close(mask_of(control, faces), mask_of(at_an_area, faces))
    assert control.area == at_an_area.area == 0.05
    assert reference.area is None
    assert Scattered(reference).area is None
    assert Everywhere(area=0.05).area == 0.05
    assert mask_of(Everywhere(area=0.05), faces).all()


def test_a_control_without_room_is_no_control():
    faces = some_faces(8)
    reference = Discs(radius=0.5)  # the discs leave less of the face than they cover
    assert (mask_of(reference, faces).sum((1, 2, 3)) > 0).all()
    assert (mask_of(Scattered(reference), faces) == 0).all()


def test_scattered_depends_on_the_picture_only():
    faces = some_faces(8)
    region = Scattered(Discs(radius=0.15))
    whole = mask_of(region, faces)
    assert torch.equal(mask_of(region, faces.select(torch.tensor([5]))), whole[5:6])
    assert not torch.equal(
        region(faces.landmarks[:1], SIZE, SIZE, Draws(1, faces.pictures[:1])),
        whole[:1],
    )


def test_unknown_landmarks_leave_their_discs_out():
    faces = some_faces(2)
    faces.landmarks[0, NOSE_TIP] = torch.nan
    mask = mask_of(Discs("nose"), faces)
    assert mask[0].sum() == 0
    assert mask[1].sum() > 0
    faces.landmarks[0, list(EYES)] = torch.nan
    assert mask_of(Discs(), faces)[0].sum() == 0


def test_ears_lie_left_and_right_of_the_eyes():
    faces = some_faces(1)
    left, right = Ears().centres(faces.landmarks)[0]
    eyes = faces.landmarks[0, list(EYES)]
    assert left[0] > eyes[:, 0].max()
    assert right[0] < eyes[:, 0].min()


def test_a_head_that_is_turned_has_one_ear():
    faces = some_faces(2)
    eyes = faces.landmarks[:, list(indices("left_eye_center", "right_eye_center"))]
    faces.landmarks[0, NOSE_TIP] -= 0.25 * (eyes[0, 0] - eyes[0, 1])
    faces.landmarks = 48 + 0.5 * (faces.landmarks - 48)  # so that ears are in the picture
    assert Ears().centres(faces.landmarks).isfinite().all(-1).tolist() == [[True, False], [True, True]]
    one, two = mask_of(Ears(), faces).sum((1, 2, 3))
    assert float(two / one) == pytest.approx(2, rel=0.1)
    assert (mask_of(Ears(area=0.05), faces).mean((1, 2, 3)) - 0.05).abs().max() < 3 / SIZE**2
    assert (mask_of(Scattered(Ears()), faces)[0].sum() - one).abs() <= 1 + 1e-3 * one


def test_discs_outside_the_picture_do_not_grow_into_it():
    faces = some_faces(2)
    faces.landmarks[0, NOSE_TIP] = torch.tensor([-30.0, 50.0])
    for area in (None, 0.05):
        assert (mask_of(Discs("nose", area=area), faces).sum((1, 2, 3)) > 0).tolist() == [False, True]


def test_bad_settings_are_refused():
    with pytest.raises(FacetrialError, match="no landmark's name starts with"):
        Discs("chin")
    with pytest.raises(FacetrialError, match="radius"):
        Discs(radius=0)
    with pytest.raises(FacetrialError, match=r"\(B, 15, 2\)"):
        Discs()(torch.zeros(2, 5, 2), 8, 8, Draws(0, torch.arange(2)))
