"""Checkpoints: written whole, read without running what lies in them, taken over when their parts were renamed."""

import pickle

import pytest
import torch

from facetrial.core.errors import FacetrialError
from facetrial.runtime.checkpoints import (
    WholeCheckpoints,
    config_differences,
    knows_code,
    load_checkpoint,
    recipe_differences,
    save_checkpoint,
    take_over_renamed,
    training_cut_short,
)


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
        file.write(b"half")
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


def test_code_that_nobody_kept_is_not_held_against_a_checkpoint():
    config = {"seed": 0, "code": {"facetrial": "ab", "mine.Net": "cd"}}
    for made_by in ({"seed": 0}, {"seed": 0, "code": {"mine.Net": "cd"}}):
        assert not knows_code(made_by)
        assert recipe_differences(made_by, config) == []
    assert recipe_differences({"seed": 1}, config) == ["seed: the checkpoint has 1, the config 0"]
    (changed,) = recipe_differences({"seed": 0, "code": {"mine.Net": "ef"}}, config)
    assert changed == "code.mine.Net: the checkpoint has 'ef', the config 'cd'"


def test_code_that_was_kept_is():
    config = {"seed": 0, "code": {"facetrial": "ab"}}
    assert knows_code(config)
    assert recipe_differences(config, config) == []
    (changed,) = recipe_differences({"seed": 0, "code": {"facetrial": "0b"}}, config)
    assert changed == "code.facetrial: the checkpoint has '0b', the config 'ab'"


OLD = {"attack": {"_target_": "facetrial.attacks.methods.pgd.PGD", "leave": False, "steps": 3}, "seed": 0}
NEW = {"attack": {"_target_": "facetrial.attacks.PGD", "early_stop": False, "steps": 3}, "seed": 0}


class TestRenamed:
    """A checkpoint that was made when its parts had other names."""

    @pytest.fixture
    def old(self, tmp_path):
        old = tmp_path / "recognizer-Faces-Small-none-0123.ckpt"
        save_checkpoint(old, "recognizer", {"w": torch.arange(3.0)}, OLD, names=["Zoë"])
        return old

    @pytest.fixture
    def new(self, tmp_path):
        return tmp_path / "recognizer-Faces-Small-none-4567.ckpt"

    def test_its_config_is_read_in_the_names_of_today(self, old):
        assert load_checkpoint(old, "recognizer")["config"] == NEW

    def test_it_is_taken_over_under_its_new_name(self, old, new, caplog):
        caplog.set_level("INFO")
        before = old.read_bytes()
        take_over_renamed(new, "recognizer", NEW)
        content = load_checkpoint(new, "recognizer")
        assert torch.load(new, weights_only=True)["config"] == NEW  # as it lies in the file
        assert torch.equal(content["state"]["w"], torch.arange(3.0))
        assert content["names"] == ["Zoë"]
        assert old.read_bytes() == before
        assert f"{old} was made by this config under another name; taken over as {new}." in caplog.text

    def test_so_is_one_of_code_that_nobody_kept(self, old, new):
        take_over_renamed(new, "recognizer", NEW | {"code": {"facetrial": "ab"}})
        assert load_checkpoint(new, "recognizer")["config"] == NEW

    def test_one_of_other_code_is_not(self, new):
        other = new.with_name("recognizer-Faces-Small-none-0123.ckpt")
        save_checkpoint(other, "recognizer", {}, NEW | {"code": {"facetrial": "0b"}})
        take_over_renamed(new, "recognizer", NEW | {"code": {"facetrial": "ab"}})
        assert not new.exists()

    def test_one_of_another_config_is_not(self, old, new):
        take_over_renamed(new, "recognizer", NEW | {"seed": 1})
        assert not new.exists()

    def test_one_of_another_kind_or_of_other_parts_is_not(self, old, new):
        take_over_renamed(new, "landmarks", NEW)
        take_over_renamed(new.with_name("recognizer-Faces-Other-none-4567.ckpt"), "recognizer", NEW)
        assert [path for path in new.parent.iterdir()] == [old]

    def test_one_that_cannot_be_read_is_passed_over(self, old, new):
        (new.parent / "recognizer-Faces-Small-none-0000.ckpt").write_bytes(b"cut short")
        take_over_renamed(new, "recognizer", NEW)
        assert load_checkpoint(new, "recognizer")["config"] == NEW

    def test_a_checkpoint_that_is_there_stays(self, old, new):
        new.write_bytes(b"mine")
        take_over_renamed(new, "recognizer", NEW)
        assert new.read_bytes() == b"mine"


class TestDamaged:
    """Single bits, in tensors and in what surrounds them."""

    @pytest.mark.parametrize("sealed", [True, False], ids=["today's", "before seals"])
    def test_no_flipped_bit_changes_what_is_read(self, path, sealed):
        whole = path.read_bytes()
        whole = whole if sealed else whole[: whole.rindex(b"\n# facetrial")]
        path.write_bytes(whole)
        expected = load_checkpoint(path, "recognizer")
        found = 0
        for at in range(0, len(whole), 5):
            path.write_bytes(whole[:at] + bytes([whole[at] ^ 1 << at % 8]) + whole[at + 1 :])
            try:
                read = load_checkpoint(path, "recognizer")
            except FacetrialError as error:
                found += str(path) in str(error)
            else:
                assert torch.equal(read.pop("state")["w"], expected["state"]["w"])
                assert read.items() <= expected.items()
        assert found > (0.9 if sealed else 0.3) * len(whole) / 5

    def test_one_that_was_whole_a_moment_ago(self, path):
        load_checkpoint(path, "recognizer")
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 1
        path.write_bytes(content)
        with pytest.raises(FacetrialError, match=r"model\.ckpt is damaged|cannot be read as a checkpoint"):
            load_checkpoint(path, "recognizer")


class TestTrainings:
    """What Lightning keeps of a training."""

    def test_it_lies_there_whole_or_not_at_all(self, tmp_path, monkeypatch):
        last = tmp_path / "last.ckpt"
        kept = WholeCheckpoints()
        kept.save_checkpoint({"epoch": 1}, last)
        assert kept.load_checkpoint(last, weights_only=True) == {"epoch": 1}
        assert training_cut_short(tmp_path) == last

        def full(content, file):
            file.write(b"half")
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(torch, "save", full)
        with pytest.raises(FacetrialError, match=r"cannot write .*last\.ckpt: No space left"):
            kept.save_checkpoint({"epoch": 2}, last)
        monkeypatch.undo()
        assert kept.load_checkpoint(last, weights_only=True) == {"epoch": 1}
        assert list(tmp_path.iterdir()) == [last]

    @pytest.mark.parametrize("content", [b"", b"half a file", b"PK"])
    def test_one_that_is_not_whole_is_begun_afresh(self, tmp_path, content, caplog):
        (tmp_path / "last.ckpt").write_bytes(content)
        assert training_cut_short(tmp_path) is None
        assert "begun afresh" in caplog.text
        assert list(tmp_path.iterdir()) == []
        assert training_cut_short(tmp_path) is None


def test_recipes_of_0_1_knew_files_by_names_and_sizes(tmp_path):
    old, new = tmp_path / "recognizer-Faces-0123.ckpt", tmp_path / "recognizer-Faces-4567.ckpt"
    save_checkpoint(old, "recognizer", {}, {"data": {"files": "6 files, 12ab"}})
    take_over_renamed(new, "recognizer", {"data": {"files": "6 files, 12ac, content 34"}})
    assert not new.exists()
    take_over_renamed(new, "recognizer", {"data": {"files": "6 files, 12ab, content 34"}})
    assert load_checkpoint(new, "recognizer")["config"] == {"data": {"files": "6 files, 12ab, content 34"}}
