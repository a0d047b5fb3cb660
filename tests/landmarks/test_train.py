"""The landmark network trained end to end on a few drawn faces, with Kaggle's files beside them."""

import json

import pandas as pd
import pytest
import torch

from facetrial.core.errors import FacetrialError
from facetrial.landmarks.train import train_landmarks
from facetrial.runtime.checkpoints import load_checkpoint
from tests.helpers.kaggle_files import kaggle_files
from tests.helpers.tiny_landmarks import tiny_plan


def test_training_on_kaggles_files_leaves_everything(tmp_path):
    kaggle_files(tmp_path)
    plan = tiny_plan(
        tmp_path, "data=keypoints", f"data.root={tmp_path}", "data.batch_size=8", "data.validation=0.25"
    )
    metrics = train_landmarks(plan)
    assert 0 < metrics["validation/rmse/all"] < 20
    written = json.loads((tmp_path / "landmarks.json").read_text())
    assert written["synthetic"] is False
    assert written["rmse"]["nose_tip"]["n"] > written["rmse"]["mouth_left_corner"]["n"] > 0
    assert [point["epoch"] for point in written["learning"]] == [1, 2]
    assert all(point["train"] > 0 and point["validation"] > 0 for point in written["learning"])
    assert (tmp_path / "landmarks.png").stat().st_size > 10_000
    submission = pd.read_csv(tmp_path / "submission.csv")
    assert submission.columns.tolist() == ["RowId", "Location"]
    assert submission["RowId"].tolist() == list(range(1, 91))
    assert submission["Location"].between(0, 96).all()
    content = load_checkpoint(plan.path, "landmarks")
    assert content["metrics"]["all"] == metrics["validation/rmse/all"]
    assert not list((tmp_path / "models").glob("*.partial"))


def test_without_pictures_held_out_no_figure_is_of_others(tmp_path, caplog):
    kaggle_files(tmp_path)
    caplog.set_level("INFO")
    words = ["data=keypoints", f"data.root={tmp_path}", "data.batch_size=8", "data.validation=0"]
    train_landmarks(tiny_plan(tmp_path, *words))
    assert json.loads((tmp_path / "landmarks.json").read_text())["seen"] is True
    assert "on 24 pictures that it was trained on" in caplog.text


def test_what_a_submission_cannot_answer_is_said_before_the_training(tmp_path):
    kaggle_files(tmp_path)
    lookup = tmp_path / "IdLookupTable.csv"
    lookup.write_text(lookup.read_text().replace("nose_tip_x", "nose_x"))
    plan = tiny_plan(tmp_path, "data=keypoints", f"data.root={tmp_path}", "data.validation=0")
    with pytest.raises(FacetrialError, match="asks for 'nose_x'"):
        train_landmarks(plan)
    assert not plan.path.exists()


class OutOfPower(Exception):
    """What ends a training half-way."""


def test_a_training_that_was_cut_short_goes_on(tmp_path, monkeypatch):
    few = ["data.people=2", "data.pictures=8", "data.pictures_min=8", "data.batch_size=4"]
    plan = tiny_plan(tmp_path, *few, "trainer.max_epochs=60")  # judged every third epoch, kept after each
    trained = []

    def cut_in_the_third(regressor):
        trained.append(regressor.current_epoch)
        if len(trained) == 3:
            raise OutOfPower

    hook = "facetrial.landmarks.lightning_module.LandmarkRegressor.on_train_epoch_start"
    monkeypatch.setattr(hook, cut_in_the_third)
    with pytest.raises(OutOfPower):
        train_landmarks(plan)
    train_landmarks(plan)
    assert trained == [0, 1, *range(2, 3), *range(2, 60)]
    assert json.loads((tmp_path / "landmarks.json").read_text())["synthetic"] is True
    assert not (tmp_path / "submission.csv").exists()
    assert not list((tmp_path / "models").glob("*.partial"))

    # What it learnt is what it would have learnt at one go.
    at_one_go = tiny_plan(tmp_path / "at_one_go", *few, "trainer.max_epochs=60")
    train_landmarks(at_one_go)
    states = [load_checkpoint(c.path, "landmarks")["state"] for c in (plan, at_one_go)]
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[1])


def test_what_was_left_of_a_training_cannot_be_read(tmp_path, caplog):
    plan = tiny_plan(tmp_path, "data.people=2", "data.pictures=4", "data.pictures_min=4")
    left = plan.partial / "last.ckpt"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"half a file")
    train_landmarks(plan)
    assert "begun afresh" in caplog.text
    assert plan.path.is_file()
    assert not left.exists()
