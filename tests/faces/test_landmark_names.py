"""The 15 landmarks: their groups, and where those of a mirrored picture come from."""

from facetrial.faces.frames import MEAN_SHAPE
from facetrial.faces.landmark_names import (
    EYEBROWS,
    EYES,
    FLIP,
    LANDMARK_NAMES,
    LEFT_EYE,
    MOUTH,
    MOUTH_LEFT,
    MOUTH_RIGHT,
    NOSE,
    NOSE_TIP,
    NUM_LANDMARKS,
    RIGHT_EYE,
    indices,
)


def test_every_landmark_is_of_one_group():
    assert sorted(EYES + EYEBROWS + NOSE + MOUTH) == list(range(15)) == list(range(NUM_LANDMARKS))


def test_a_mirrored_picture_swaps_left_and_right_and_nothing_else():
    for index, name in enumerate(LANDMARK_NAMES):
        other = LANDMARK_NAMES[FLIP[index]]
        assert ("left" in name, "right" in name) == ("right" in other, "left" in other)
        assert FLIP[FLIP[index]] == index
    assert FLIP[LEFT_EYE] == RIGHT_EYE
    assert FLIP[MOUTH_LEFT] == MOUTH_RIGHT
    assert FLIP[NOSE_TIP] == NOSE_TIP


def test_left_is_the_subjects_own():
    for name in LANDMARK_NAMES:
        if name.startswith("left"):
            left, right = LANDMARK_NAMES.index(name), LANDMARK_NAMES.index(name.replace("left", "right"))
            assert MEAN_SHAPE[left][0] > MEAN_SHAPE[right][0]


def test_landmarks_by_the_beginning_of_their_names():
    assert indices("") == tuple(range(15))
    assert indices("mouth_c", "nose") == (10, 13, 14)
    assert indices("ear") == ()
