"""RMSE over labelled points as Kaggle scores, and an interval that knows points of one picture to be alike."""

import numpy as np
import pytest
import torch

from facetrial.data.framed import Frames
from facetrial.landmarks.scores import Rmse, score, worst_first


def frames(landmarks: torch.Tensor) -> Frames:
    return Frames(torch.zeros(len(landmarks), 1, 96, 96), landmarks)


def test_scores_are_kaggles_over_labelled_points():
    landmarks = torch.zeros(2, 15, 2)
    landmarks[1, 3:] = torch.nan
    found = torch.full((2, 15, 2), 3.0)
    found[0, 0] = 0.0
    scores = score(found, frames(landmarks))
    assert scores["all"].value == pytest.approx((9 * 17 / 18) ** 0.5)
    assert (scores["all"].n, scores["all"].pictures) == (18, 2)
    assert scores["left_eye_center"].value == pytest.approx(4.5**0.5)
    assert (scores["nose_tip"].n, scores["nose_tip"].low) == (1, None)


def test_nothing_labelled_has_no_rmse():
    assert Rmse.of(torch.full((3, 15, 2), torch.nan)) == Rmse(None, None, None, 0, 0)


def test_the_interval_holds_the_truth():
    generator = np.random.default_rng(0)
    held = 0
    for _ in range(400):
        size = generator.gamma(
            2.0, 1.0, (60, 1, 1)
        )  # some pictures are worse than others, in all their points
        errors = torch.from_numpy(generator.normal(0, 1, (60, 15, 2)) * size)
        errors[::2, 4:] = torch.nan  # and some have few labels
        found = Rmse.of(errors)
        held += found.low <= 6**0.5 <= found.high
    assert 0.90 <= held / 400 <= 0.99


def test_the_worst_come_first_and_those_without_labels_last():
    landmarks = torch.zeros(4, 15, 2)
    landmarks[2] = torch.nan
    found = torch.zeros(4, 15, 2)
    found[1], found[3, 0] = 2.0, 5.0
    landmarks[3, 1:] = torch.nan
    assert worst_first(found, frames(landmarks)).tolist() == [3, 1, 0, 2]
