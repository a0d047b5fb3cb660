"""The landmark network trained end to end on a few drawn faces, with Kaggle's files beside them."""

import json
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from hydra import compose, initialize_config_dir
from omegaconf import DictConfig

from facetrial.core.errors import FacetrialError
from facetrial.data.framed import Frames
from facetrial.data.keypoints_csv import COLUMNS
from facetrial.landmarks.inference import find_in_frames
from facetrial.landmarks.kaggle_report import score, write_submission
from facetrial.landmarks.network import LandmarkNetwork
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


class Shows(LandmarkNetwork):
    """Finds the mean shape, moved down by the mean light of the picture."""

    def forward(self, images):
        return self.mean_shape + images.mean((1, 2, 3))[:, None, None] * torch.tensor([0.0, 4.0])


LIGHT = {7: 10, 3: 120, 12: 250}  # of the test pictures, by ImageId, in the order of the file


@pytest.fixture
def competition(tmp_path) -> Path:
    """Test pictures of one light each, and a table that asks for their points out of order."""
    pictures = [" ".join([str(light)] * 96 * 96) for light in LIGHT.values()]
    pd.DataFrame({"ImageId": list(LIGHT), "Image": pictures}).to_csv(tmp_path / "test.csv", index=False)
    wanted = pd.DataFrame([(image, name) for name in COLUMNS for image in sorted(LIGHT)])
    wanted.columns = ["ImageId", "FeatureName"]
    wanted.insert(0, "RowId", range(100, 100 + len(wanted)))
    wanted.sample(frac=1, random_state=0).to_csv(tmp_path / "IdLookupTable.csv", index=False)
    return tmp_path


def submitted(folder: Path) -> pd.DataFrame:
    assert write_submission(folder, folder / "cache", Shows().eval(), folder / "submission.csv")
    return pd.read_csv(folder / "submission.csv")


def check_answers(folder: Path, answers: pd.DataFrame) -> None:
    wanted = pd.read_csv(folder / "IdLookupTable.csv")
    assert answers["RowId"].tolist() == wanted["RowId"].tolist()
    for (_, row), answer in zip(wanted.iterrows(), answers["Location"], strict=True):
        expected = dict(zip(COLUMNS, found_in_light(LIGHT[row["ImageId"]]).flatten(), strict=True))
        assert answer == pytest.approx(expected[row["FeatureName"]] + 1, abs=1e-3)


def found_in_light(light: int) -> np.ndarray:
    frames = torch.full((1, 1, 96, 96), light / 255)
    return find_in_frames(Shows().eval(), frames)[0].numpy()


def test_the_submission_answers_what_was_asked(competition):
    answers = submitted(competition)
    check_answers(competition, answers)
    assert answers["Location"].nunique() > 30  # the answers tell the pictures apart


def test_a_submission_from_kaggles_outer_zip(competition, tmp_path_factory):
    folder = tmp_path_factory.mktemp("zipped")
    inner = folder / "test.zip"
    with zipfile.ZipFile(inner, "w") as archive:
        archive.write(competition / "test.csv", "test.csv")
    with zipfile.ZipFile(folder / "facial-keypoints-detection.zip", "w") as archive:
        archive.write(inner, "test.zip")
        archive.write(competition / "IdLookupTable.csv", "IdLookupTable.csv")
    inner.unlink()
    check_answers(competition, submitted(folder))


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda t: t.assign(ImageId=99), "asks for ImageId 99; none of the 3 test pictures"),
        (lambda t: t.assign(ImageId=np.nan), "asks for ImageId nan"),
        (lambda t: t.assign(FeatureName="left_ear_x"), "asks for 'left_ear_x'"),
        (lambda t: t.drop(columns="ImageId"), "lacks the column"),
        (lambda t: t.iloc[:0, :0], "cannot be read as CSV"),
    ],
)
def test_a_lookup_table_that_does_not_fit(competition, spoil, message):
    path = competition / "IdLookupTable.csv"
    spoil(pd.read_csv(path)).to_csv(path, index=False)
    with pytest.raises(FacetrialError, match=message):
        submitted(competition)


def test_without_a_test_set_there_is_no_submission(tmp_path):
    assert not write_submission(tmp_path, tmp_path / "cache", Shows().eval(), tmp_path / "submission.csv")


def test_scores_are_kaggles_over_labelled_points():
    landmarks = torch.zeros(2, 15, 2)
    landmarks[1, 3:] = torch.nan
    found = torch.full((2, 15, 2), 3.0)
    found[0, 0] = 0.0
    scores = score(found, Frames(torch.zeros(2, 1, 96, 96), landmarks))
    assert scores["all"] == {"rmse": pytest.approx((9 * 17 / 18) ** 0.5), "n": 18}
    assert scores["left_eye_center"] == {"rmse": pytest.approx(4.5**0.5), "n": 2}
    assert scores["nose_tip"]["n"] == 1
