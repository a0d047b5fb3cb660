"""Files that an attacker put in the place of ours, or gave away as models: no code is run, nothing outside is touched.

A hostile folder of people is tried in `end_to_end/test_hostile_folder.py`; zips in `data/test_archives.py`; pickles of
weights and checkpoints where these are read.
"""

import contextlib
import io
import pickle
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import onnx
import pytest
from torch import nn

from facetrial.core.errors import FacetrialError
from facetrial.core.files import written_whole
from facetrial.data.keypoints_csv import read_frames
from facetrial.sweep.gather import gather_sweep
from facetrial.trial.shards import Shards
from facetrial.trial.trial import Trial
from tests.helpers.hostile import HOSTILE, N_TRAIN, hostile_rows
from tests.helpers.kaggle_files import kaggle_files
from tests.helpers.made_up import about, made_up_summary
from tests.helpers.onnx_files import convolution, onnx_embedder
from tests.helpers.photographs import draw_people, folder
from tests.helpers.sweeps import add_overrides, write_trials


class Bomb:
    def __init__(self, place: Path) -> None:
        self.place = place

    def __reduce__(self):
        return Path.touch, (self.place,)


def pickled(bomb: Bomb, kind: str) -> bytes:
    """A file of NumPy's, or a bare pickle, that runs code where pickles are read."""
    things, file = np.array([bomb], dtype=object), io.BytesIO()
    if kind == "npz":
        names = (
            "digests",
            "boxes",
            "points",
            "problems",
            "five_points",
            "images",
            "landmarks",
            "ids",
            "clean",
        )
        np.savez(file, **dict.fromkeys(names, things))
    elif kind == "npy":
        np.save(file, things, allow_pickle=True)
    else:
        return pickle.dumps(bomb)
    return file.getvalue()


@pytest.mark.parametrize("kind", ["npz", "npy", "bare"])
def test_no_code_in_what_was_kept_is_run(tmp_path, kind):
    root = draw_people(tmp_path / "people", {"Ann": 4})
    kaggle_files(tmp_path, count=3)

    def read() -> None:
        folder(root, tmp_path).all_faces  # noqa: B018
        read_frames(tmp_path, "training", tmp_path / "cache")

    read()
    kept = [path for path in (tmp_path / "cache").rglob("*") if path.suffix in (".npz", ".npy")]
    assert {path.parent.name for path in kept} >= {"crops", "keypoints"}
    for path in kept:
        whole = path.read_bytes()
        path.write_bytes(pickled(Bomb(tmp_path / "owned"), kind))
        with contextlib.suppress(FacetrialError):
            read()
        path.write_bytes(whole)
    shards = Shards(tmp_path / "shards")
    shards.write_picture("Ann/1.jpg", *np.zeros((2, 3, 8, 8), np.float32))
    for path in (tmp_path / "shards").rglob("*.npz"):
        path.write_bytes(pickled(Bomb(tmp_path / "owned"), kind))
        with contextlib.suppress(FacetrialError, ValueError):
            shards.read_picture("Ann/1.jpg")
    assert not (tmp_path / "owned").exists()


@pytest.mark.parametrize("place", ["../secret", "{folder}/secret", "link"])
def test_an_onnx_model_reads_nothing_outside_of_its_folder(tmp_path, place):
    (tmp_path / "model").mkdir()
    model = onnx.load(convolution(tmp_path / "model" / "network.onnx", size=40))
    tensor = next(one for one in model.graph.initializer if one.name == "matrix")
    (tmp_path / "secret").write_bytes(tensor.raw_data)
    (tmp_path / "model" / "link").symlink_to(tmp_path / "secret")
    tensor.ClearField("raw_data")
    tensor.data_location = onnx.TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value=place.format(folder=tmp_path))
    (tmp_path / "model" / "network.onnx").write_bytes(model.SerializeToString())
    with pytest.raises(FacetrialError, match="is no ONNX model that can be read"):
        onnx_embedder(tmp_path / "model" / "network.onnx", size=40)


def test_what_is_written_takes_the_place_of_a_link_and_leaves_its_target(tmp_path):
    (tmp_path / "precious").write_text("precious")
    (tmp_path / "summary.json").symlink_to(tmp_path / "precious")
    with written_whole(tmp_path / "summary.json") as temporary:
        temporary.write_text("ours")
    assert (tmp_path / "precious").read_text() == "precious"
    assert (tmp_path / "summary.json").read_text() == "ours"
    assert not (tmp_path / "summary.json").is_symlink()


def trial_of(tmp_path: Path, *files: str) -> Trial:
    faces = SimpleNamespace(files=list(files))
    return Trial(nn.Identity(), None, faces, 0, Shards(tmp_path / "shards"), set(), tmp_path / "images")


@pytest.mark.parametrize("file", ["../1.jpg", "Ann/../../1.jpg", "/etc/1.jpg"])
def test_no_attacked_picture_is_kept_outside_of_the_folder(tmp_path, file):
    with pytest.raises(FacetrialError, match="leads out of the folder"):
        trial_of(tmp_path, file).image_file(file)


def test_pictures_that_differ_in_their_ending_are_both_kept(tmp_path):
    files = ("Ann/1.jpg", "Ann/1.png", "Ann/2.jpg", "Ann/...jpg")
    trial = trial_of(tmp_path, *files)
    places = [trial.image_file(file).relative_to(tmp_path / "images").as_posix() for file in files]
    assert places == ["Ann/1.jpg.png", "Ann/1.png.png", "Ann/2.png", "Ann/...png"]


def test_no_name_in_a_sweep_is_markup(tmp_path):
    rows = hostile_rows()
    told = about(attack=HOSTILE, defense=HOSTILE, data=HOSTILE, embedder=HOSTILE)
    trials = [(made_up_summary(rows, told, N_TRAIN), rows), (made_up_summary(rows, about(), N_TRAIN), rows)]
    for number, (run, _) in enumerate(write_trials(tmp_path, trials, lambda number, _: f"{number}")):
        add_overrides(run, f'"attack=<img src=x onerror=alert({number})>"')
    gather_sweep(tmp_path)
    tags = []
    parser = HTMLParser()
    parser.handle_starttag = lambda tag, attributes: tags.append((tag, dict(attributes)))
    parser.feed((tmp_path / "report.html").read_text(encoding="utf-8"))
    scripts = [attributes.get("type", "code") for tag, attributes in tags if tag == "script"]
    assert scripts.count("code") == 1
    assert not any(name.startswith("on") for _, attributes in tags for name in attributes)
