"""Face, landmarks and region: sound ones agree; those that do not are planted in tests/planted."""

import numpy as np
import pytest

from facetrial.checks.of_region import LandmarksAgree
from facetrial.faces.landmark_names import LEFT_EYE, NOSE_TIP, RIGHT_EYE
from facetrial.regions.regions import Discs, Ears
from tests.helpers.evidence import evidence_of, pgd, sound
from tests.planted.trials import with_landmarks


@pytest.mark.parametrize(
    "region",
    [Discs("left_eye_"), Discs(["left_eye_", "right_eye_"]), Discs("mouth", 0.1), Discs(area=0.1), Ears(),
     Discs("nose", softness=0.5)],
    ids=["one eye", "eyes", "mouth", "area", "ears", "soft nose"],
)  # fmt: skip
@pytest.mark.parametrize("size", [64, 96, 160])
def test_regions_lie_on_their_landmarks(region, size):
    found = with_landmarks(size)
    found.attack.region = region
    outcome = LandmarksAgree()(found)
    assert outcome.passed, outcome.detail


class Shifted(Ears):
    """Whose discs lie beside the ears, by a third of their radius."""

    def __call__(self, landmarks, height, width, draws):
        return super().__call__(landmarks, height, width, draws).roll(round(0.04 * width), 3)


def test_one_ear_of_a_turned_head_is_looked_at():
    found = with_landmarks(160)
    points = found.faces.landmarks
    points[:, NOSE_TIP] += 0.25 * (points[:, LEFT_EYE] - points[:, RIGHT_EYE])
    points[:] = 80 + 0.5 * (points - 80)  # so that ears are in the picture
    points[..., 0] += 20
    found.faces.five_points[:] = np.nan
    for region, agree in ((Ears(), True), (Shifted(), False)):
        found.attack.region = region
        outcome = LandmarksAgree()(found)
        assert outcome.passed is agree, outcome.detail
        assert f"{100 * agree}% under the region" in outcome.detail


def test_points_far_from_those_of_mtcnn_are_told():
    found = with_landmarks()
    found.faces.landmarks = found.faces.landmarks + np.float32(20)
    outcome = LandmarksAgree()(found)
    assert outcome.passed is False
    assert "0% near MTCNN's points" in outcome.detail


def test_it_is_left_out_where_nothing_is_to_agree():
    assert LandmarksAgree()(evidence_of(sound(), pgd(steps=1))).passed is None
    found = with_landmarks()
    found.faces.landmarks = np.full_like(found.faces.landmarks, np.nan)
    assert LandmarksAgree()(found).passed is None
