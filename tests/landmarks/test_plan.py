"""How a landmark network is made: what decides it, and what it can be taught with."""

import numpy as np
import pytest

from facetrial.core.errors import FacetrialError
from facetrial.data.framed import FramedFaces
from facetrial.landmarks.train import train_landmarks
from tests.helpers.tiny_landmarks import tiny_plan


@pytest.mark.parametrize("override", ["+trainer.fast_dev_run=true", "+trainer.limit_train_batches=1"])
def test_a_quick_look_is_not_taken_for_the_whole(tmp_path, override):
    assert tiny_plan(tmp_path, override).path != tiny_plan(tmp_path).path


def test_faces_with_labels_are_cut_to_frames(tmp_path):
    frames = tiny_plan(tmp_path, "data.people=2", "data.pictures=4", "data.pictures_min=4").make_frames()
    assert isinstance(frames, FramedFaces)
    assert np.isfinite(frames.validation_frames.landmarks.numpy()).any()


def test_faces_without_labels_cannot_be_learnt_from(tmp_path):
    plan = tiny_plan(tmp_path).but(data={"_target_": "tests.helpers.tiny.ColouredPeople"})
    with pytest.raises(FacetrialError, match="no labels"):
        train_landmarks(plan)
