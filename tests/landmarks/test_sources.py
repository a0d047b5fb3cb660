"""Where landmarks come from: labels, MTCNN, and a regressor that is trained first."""

import numpy as np
import pytest
import torch
from hydra import compose, initialize_config_dir
from hydra.utils import instantiate
from omegaconf import DictConfig

from facetrial.core.errors import FacetrialError
from facetrial.data.synthetic import SyntheticFaces
from facetrial.faces.frames import MEAN_SHAPE, inter_eye_distance
from facetrial.faces.landmark_names import LEFT_EYE, MOUTH_LEFT, MOUTH_RIGHT, NOSE_TIP, RIGHT_EYE
from facetrial.landmarks.sources import Labels, Mtcnn
from tests.helpers.drawn_heads import heads_at_all_turns
from tests.helpers.paths import ROOT

FIVE = [RIGHT_EYE, LEFT_EYE, NOSE_TIP, MOUTH_RIGHT, MOUTH_LEFT]
TINY = [
    "landmarks.model.network.widths=[4,4,8,8]",
    "landmarks.model.network.blocks=[0,0,0,0]",
    "landmarks.model.network.hidden=16",
    "landmarks.model.max_epochs=1",
    "landmarks.data.people=2",
    "landmarks.data.pictures=6",
    "landmarks.data.pictures_min=6",
    "logger=none",
    "callbacks=none",
    "trainer.accelerator=cpu",
    "trainer.enable_progress_bar=false",
]


def config_of(folder, *overrides: str) -> DictConfig:
    with initialize_config_dir(str(ROOT / "conf"), version_base="1.3"):
        places = [
            f"trainer.default_root_dir={folder}",
            f"paths.models={folder / 'models'}",
            f"paths.cache={folder / 'cache'}",
        ]
        return compose("evaluate", [*places, *overrides])


@pytest.fixture(scope="module")
def faces():
    return SyntheticFaces(people=2, pictures=8, pictures_min=8, size=112).all_faces


def test_labels_are_the_datas_own(faces):
    assert np.array_equal(Labels().find(faces), faces.landmarks)
    unlabelled = faces.subset(range(3))
    unlabelled.landmarks = np.full((3, 15, 2), np.nan, np.float32)
    with pytest.raises(FacetrialError, match="no labelled landmarks"):
        Labels().find(unlabelled)


def test_mtcnn_keeps_the_five_and_derives_the_rest(faces):
    some = faces.subset(range(4))
    shape = np.array(MEAN_SHAPE, np.float32)
    turn = np.array([[0.8, 0.6], [-0.6, 0.8]], np.float32)
    some.five_points = np.stack([(shape @ turn.T * scale + 7)[FIVE] for scale in (0.5, 1.0, 2.0, 1.0)])
    some.five_points[3] = np.nan
    found = Mtcnn().find(some)
    assert found.dtype == np.float32
    for row, scale in enumerate((0.5, 1.0, 2.0)):
        assert np.allclose(found[row], shape @ turn.T * scale + 7, atol=0.2 * scale)
    assert np.isnan(found[3]).all()
    some.five_points = some.landmarks[:, FIVE]
    assert np.allclose(Mtcnn().find(some)[:, FIVE], some.landmarks[:, FIVE])


def test_what_mtcnn_derives_turns_with_the_head(faces):
    turned = faces.subset(range(len(faces)))
    heads = heads_at_all_turns(len(faces), size=112)
    turned.five_points = heads.landmarks[:, FIVE].numpy()
    apart = np.linalg.norm(Mtcnn().find(turned) - heads.landmarks.numpy(), axis=2)
    apart /= inter_eye_distance(heads.landmarks).numpy()[:, None]
    derived = [point for point in range(15) if point not in FIVE]
    assert np.median(apart[:, derived]) < 0.11
    assert np.quantile(apart[:, derived], 0.95) < 0.25


def test_mtcnn_has_not_looked_at_drawn_faces(faces):
    with pytest.raises(FacetrialError, match=r"has not looked; choose\s+landmarks=regressor"):
        Mtcnn().find(faces)


def test_the_regressor_trains_first_is_reused_and_does_not_depend_on_the_batch(
    tmp_path, faces, monkeypatch, caplog
):
    caplog.set_level("INFO")
    source = instantiate(config_of(tmp_path, *TINY).landmarks)
    found = source.find(faces)
    assert found.shape == (len(faces), 15, 2)
    assert found.dtype == np.float32
    assert np.isfinite(found).all()
    assert "training it first" in caplog.text

    monkeypatch.setattr("facetrial.landmarks.train.train_landmarks", None)
    monkeypatch.setattr("facetrial.landmarks.sources._BATCH", 3)
    few = instantiate(config_of(tmp_path, *TINY, "seed=5", "data.batch_size=2").landmarks)
    assert np.allclose(few.find(faces.subset([9, 2])), found[[9, 2]], atol=1e-3)
    monkeypatch.setattr("facetrial.landmarks.inference.find_in_pictures", None)
    assert np.array_equal(source.find(faces), found)  # kept in the cache
    monkeypatch.undo()
    kept = max((tmp_path / "cache" / "landmarks").glob("*.npy"), key=lambda path: path.stat().st_size)
    kept.write_bytes(kept.read_bytes()[:50])
    assert np.array_equal(source.find(faces), found)


def test_a_checkpoint_of_another_config_is_found(tmp_path, faces):
    made = tmp_path / "made.ckpt"
    instantiate(config_of(tmp_path, *TINY, f"landmarks.checkpoint={made}").landmarks).find(faces)
    other = [f"landmarks.checkpoint={made}", "landmarks.model.network.dropout=0.1"]
    with pytest.raises(FacetrialError, match=r"network\.dropout: the checkpoint has 0\.\d+, the config 0\.1"):
        instantiate(config_of(tmp_path, *TINY, *other).landmarks).find(faces)
    torch.save({"weights": torch.zeros(2)}, made)
    with pytest.raises(FacetrialError, match="not a checkpoint of facetrial"):
        instantiate(config_of(tmp_path, *TINY, *other[:1]).landmarks).find(faces)


@pytest.mark.parametrize(("data", "trained_on"), [("synthetic", "SyntheticFaces"), ("lfw", "Keypoints")])
def test_the_regressor_learns_from_what_suits_the_data(tmp_path, data, trained_on):
    root = ["landmarks.data.root=/some/where"] if data == "lfw" else []
    config = config_of(tmp_path, f"data={data}", *root)
    assert config.landmarks.data._target_.endswith(trained_on)
    if root:
        assert config.landmarks.data.root == "/some/where"
        assert config.data.root is None
    for name in ("mtcnn", "labels"):
        assert instantiate(config_of(tmp_path, f"data={data}", f"landmarks={name}").landmarks).find
