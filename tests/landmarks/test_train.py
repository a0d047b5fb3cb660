"""The landmark network trained end to end on a few drawn faces, with Kaggle's files beside them."""

import json
from pathlib import Path

import pandas as pd
import pytest
import torch
from hydra import compose, initialize_config_dir
from omegaconf import DictConfig

from facetrial.core.errors import FacetrialError
from facetrial.landmarks.train import checkpoint_path, train_landmarks
from facetrial.runtime.checkpoints import load_checkpoint
from tests.helpers.kaggle_files import kaggle_files
from tests.helpers.paths import ROOT

TINY = [
    "model.network.widths=[4,4,8,8]",
    "model.network.blocks=[0,0,0,0]",
    "model.network.hidden=16",
    "logger=none",
    "callbacks=none",
    "trainer.accelerator=cpu",
    "trainer.enable_progress_bar=false",
    "trainer.max_epochs=2",
]


def tiny_config(folder: Path, *overrides: str) -> DictConfig:
    """The config of `python train.py model=landmarks`, with a tiny network."""
    with initialize_config_dir(str(ROOT / "conf"), version_base="1.3"):
        places = [
            f"trainer.default_root_dir={folder}",
            f"paths.models={folder / 'models'}",
            f"paths.cache={folder / 'cache'}",
        ]
        return compose("train", ["model=landmarks", "landmarks=labels", *TINY, *places, *overrides])


def test_training_on_kaggles_files_leaves_everything(tmp_path):
    kaggle_files(tmp_path)
    config = tiny_config(
        tmp_path, "data=keypoints", f"data.root={tmp_path}", "data.batch_size=8", "data.validation=0.25"
    )
    metrics = train_landmarks(config)
    assert 0 < metrics["validation/rmse/all"] < 20
    written = json.loads((tmp_path / "landmarks.json").read_text())
    assert written["synthetic"] is False
    assert written["rmse"]["nose_tip"]["n"] > written["rmse"]["mouth_left_corner"]["n"] > 0
    assert (tmp_path / "landmarks.png").stat().st_size > 10_000
    submission = pd.read_csv(tmp_path / "submission.csv")
    assert submission.columns.tolist() == ["RowId", "Location"]
    assert submission["RowId"].tolist() == list(range(1, 91))
    assert submission["Location"].between(0, 96).all()
    content = load_checkpoint(checkpoint_path(config), "landmarks")
    assert content["metrics"]["all"] == metrics["validation/rmse/all"]
    assert not list((tmp_path / "models").glob("*.partial"))


class OutOfPower(Exception):
    """What ends a training half-way."""


def test_a_training_that_was_cut_short_goes_on(tmp_path, monkeypatch):
    few = ["data.people=2", "data.pictures=8", "data.pictures_min=8", "data.batch_size=4"]
    config = tiny_config(tmp_path, *few, "trainer.max_epochs=60")  # judged every third epoch, kept after each
    trained = []

    def cut_in_the_third(regressor):
        trained.append(regressor.current_epoch)
        if len(trained) == 3:
            raise OutOfPower

    hook = "facetrial.landmarks.lightning_module.LandmarkRegressor.on_train_epoch_start"
    monkeypatch.setattr(hook, cut_in_the_third)
    with pytest.raises(OutOfPower):
        train_landmarks(config)
    train_landmarks(config)
    assert trained == [0, 1, *range(2, 3), *range(2, 60)]
    assert json.loads((tmp_path / "landmarks.json").read_text())["synthetic"] is True
    assert not (tmp_path / "submission.csv").exists()
    assert not list((tmp_path / "models").glob("*.partial"))

    # What it learnt is what it would have learnt at one go.
    at_one_go = tiny_config(tmp_path / "at_one_go", *few, "trainer.max_epochs=60")
    train_landmarks(at_one_go)
    states = [load_checkpoint(checkpoint_path(c), "landmarks")["state"] for c in (config, at_one_go)]
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[1])


@pytest.mark.parametrize("override", ["+trainer.fast_dev_run=true", "+trainer.limit_train_batches=1"])
def test_a_quick_look_is_not_taken_for_the_whole(tmp_path, override):
    assert checkpoint_path(tiny_config(tmp_path, override)) != checkpoint_path(tiny_config(tmp_path))


def test_what_was_left_of_a_training_cannot_be_read(tmp_path):
    config = tiny_config(tmp_path, "data.people=2", "data.pictures=4", "data.pictures_min=4")
    path = checkpoint_path(config)
    left = path.with_name(f"{path.stem}-{path.stem.rsplit('-')[-1]}.partial") / "last.ckpt"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"half a file")
    with pytest.raises(FacetrialError, match=r"cut short, cannot be read.*Delete .*partial"):
        train_landmarks(config)


def test_faces_without_labels_cannot_be_learnt_from(tmp_path):
    config = tiny_config(tmp_path)
    config.data = {"_target_": "tests.helpers.tiny.ColouredPeople"}
    with pytest.raises(FacetrialError, match="no labels"):
        train_landmarks(config)
