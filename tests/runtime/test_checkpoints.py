import pickle

import pytest
import torch

from facetrial.core.errors import FacetrialError
from facetrial.runtime.checkpoints import config_differences, load_checkpoint, save_checkpoint


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "folder" / "model.ckpt"
    save_checkpoint(path, "recognizer", {"w": torch.arange(3.0)}, {"seed": 0}, names=["Zoë"], score=0.5)
    return path


def test_round_trip(path):
    content = load_checkpoint(path, "recognizer")
    assert torch.equal(content["state"]["w"], torch.arange(3.0))
    assert content["config"] == {"seed": 0}
    assert content["names"] == ["Zoë"]
    assert content["score"] == 0.5
    assert [p.name for p in path.parent.iterdir()] == ["model.ckpt"]


def test_a_save_that_fails_leaves_the_old_one(path, monkeypatch):
    def broken(content, file):
        file.write_bytes(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr(torch, "save", broken)
    with pytest.raises(KeyboardInterrupt):
        save_checkpoint(path, "recognizer", {}, {})
    assert load_checkpoint(path, "recognizer")["config"] == {"seed": 0}
    assert [p.name for p in path.parent.iterdir()] == ["model.ckpt"]


def test_missing(tmp_path):
    with pytest.raises(FacetrialError, match="there is no checkpoint at"):
        load_checkpoint(tmp_path / "none.ckpt", "recognizer")


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.99])
def test_cut_short(path, share):
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(FacetrialError, match="cut short"):
        load_checkpoint(path, "recognizer")


@pytest.mark.parametrize("content", [b"no checkpoint", b"PK\x03\x04", b"\x80\x02", b"\0" * 4096])
def test_not_a_checkpoint(path, content):
    path.write_bytes(content)
    with pytest.raises(FacetrialError, match="cannot be read as a checkpoint"):
        load_checkpoint(path, "recognizer")


@pytest.mark.parametrize("content", [{"state_dict": {}}, [1, 2], torch.zeros(2)])
def test_of_another_project(path, content):
    torch.save(content, path)
    with pytest.raises(FacetrialError, match="not a checkpoint of facetrial"):
        load_checkpoint(path, "recognizer")


def test_of_another_kind(path):
    with pytest.raises(FacetrialError, match="holds a 'recognizer' model, expected 'landmarks'"):
        load_checkpoint(path, "landmarks")


@pytest.mark.parametrize("save", [torch.save, lambda thing, path: path.write_bytes(pickle.dumps(thing))])
def test_code_in_a_file_is_not_run(path, tmp_path, save):
    class Bomb:
        def __reduce__(self):
            return (open, (str(tmp_path / "went off"), "w"))

    save({"format": "facetrial-1", "kind": "recognizer", "state": Bomb()}, path)
    with pytest.raises(FacetrialError, match="holds more than tensors"):
        load_checkpoint(path, "recognizer")
    assert not (tmp_path / "went off").exists()


def test_differences_name_the_key():
    made_by = {"data": {"people": 4, "size": 112}, "seed": 0, "defense": {}}
    trial_digest = {"data": {"people": 5, "size": 112}, "seed": 0, "defense": {"adv": {"fraction": 0.5}}}
    assert config_differences(made_by, made_by) == []
    assert config_differences(made_by, trial_digest) == [
        "data.people: the checkpoint has 4, the config 5",
        "defense.adv: the checkpoint has None, the config {'fraction': 0.5}",
    ]
