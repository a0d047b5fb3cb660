"""Where features lie on a head, and how they move with it."""

import dataclasses

import pytest
import torch

from facetrial.data.rendering.conditions import draw_conditions
from facetrial.data.rendering.face_model import Camera, FaceModel
from facetrial.data.rendering.identities import draw_people
from facetrial.faces.landmark_names import LANDMARK_NAMES, LEFT_EYE, NOSE_TIP, RIGHT_EYE
from tests.helpers.drawn import at


def test_left_is_the_subjects_own(portraits):
    x = portraits.landmarks[..., 0]
    for name in LANDMARK_NAMES:
        if "left" in name:
            assert (x[:, at(name)] > x[:, at(name.replace("left", "right"))]).all(), name
    assert (portraits.ears[:, 0, 0] > portraits.ears[:, 1, 0]).all()
    for side, sign in (("left", 1), ("right", -1)):
        inner, outer = x[:, at(f"{side}_eye_inner_corner")], x[:, at(f"{side}_eye_outer_corner")]
        assert (sign * (outer - inner) > 0).all()


def test_features_follow_each_other_from_brow_to_chin(portraits):
    y = portraits.landmarks[..., 1]
    brows = y[:, [at("left_eyebrow_inner_end"), at("right_eyebrow_inner_end")]].mean(1)
    eyes = y[:, [LEFT_EYE, RIGHT_EYE]].mean(1)
    order = torch.stack(
        [brows, eyes, y[:, NOSE_TIP], y[:, at("mouth_center_top_lip")], y[:, at("mouth_center_bottom_lip")]]
    )
    assert (order.diff(dim=0) > 0).all()


def posed(**angles: float) -> torch.Tensor:
    """Landmarks of person 0 in picture 0, but for these angles."""
    zero = torch.zeros(1, dtype=torch.int64)
    conditions = draw_conditions(0, zero, zero)
    angles = {"yaw": 0.0, "pitch": 0.0, "roll": 0.0} | angles
    conditions = dataclasses.replace(
        conditions, **{name: torch.tensor([value]) for name, value in angles.items()}
    )
    return FaceModel(draw_people(0, zero), Camera(conditions, 112)).landmarks()[0]


def test_pose_moves_landmarks_as_a_head_moves():
    front, turned, nodding, leaning = posed(), posed(yaw=0.4), posed(pitch=0.2), posed(roll=0.2)
    middle = front[[LEFT_EYE, RIGHT_EYE]].mean(0)
    assert front[NOSE_TIP, 0] == pytest.approx(middle[0].item(), abs=1e-3)
    # What lies nearer to the camera moves further: the nose tip overtakes the eyes.
    shift = (turned - front)[:, 0]
    assert shift[NOSE_TIP] > shift[LEFT_EYE] + 1
    assert shift[LEFT_EYE] > 1
    assert (turned[LEFT_EYE] - turned[RIGHT_EYE])[0] < (front[LEFT_EYE] - front[RIGHT_EYE])[0]
    assert (nodding - front)[NOSE_TIP, 1] > 1
    # Leaning clockwise takes the eye at the picture's right down, and changes no distance.
    assert leaning[LEFT_EYE, 1] > leaning[RIGHT_EYE, 1]
    torch.testing.assert_close(torch.cdist(leaning, leaning), torch.cdist(front, front), atol=1e-3, rtol=1e-4)
