"""Answers on disk: what a kill cuts short, damage, other processes, and a full disk leave of them."""

import errno
import pickle

import numpy as np
import pytest

from facetrial.core.errors import FacetrialError
from facetrial.recognition.embedders.black_box.answers import Answers, picture_name
from facetrial.recognition.embedders.black_box.replies import Form

PICTURES = [picture_name(np.full((2, 2, 3), value, np.uint8)) for value in range(6)]
VECTORS = list(np.random.default_rng(0).standard_normal((6, 4)).astype(np.float32))
FORM = Form(4)


def kept(folder, count=6):
    answers = Answers(folder, "mine")
    answers.add(PICTURES[:3], VECTORS[:3], FORM)
    if count > 3:
        answers.add(PICTURES[3:count], VECTORS[3:count], FORM)
    return answers


def same(found, places):
    return {name: vector.tobytes() for name, vector in found.items()} == {
        PICTURES[place]: VECTORS[place].tobytes() for place in places
    }


def test_what_is_kept_is_found_by_another_start(tmp_path):
    kept(tmp_path)
    again = Answers(tmp_path, "mine")
    assert again.form == FORM
    assert len(again) == 6
    assert same(again.find([*PICTURES, b"?" * 16, PICTURES[0]]), range(6))
    assert Answers(tmp_path, "others").find(PICTURES) == {}


def test_pictures_are_told_apart_by_type_and_shape_too():
    picture = np.zeros((2, 4, 3), np.uint8)
    other = [picture.reshape(4, 2, 3), picture.view(np.int8), np.zeros((2, 4, 3), np.float32)]
    assert len({picture_name(one) for one in [picture, *other]}) == 4
    assert picture_name(np.asfortranarray(picture)) == picture_name(picture)


@pytest.mark.parametrize("cut", [1, 8, 39, 41])
def test_what_a_kill_cuts_short_is_one_answer(tmp_path, cut):
    kept(tmp_path)
    (file,) = tmp_path.glob("*.answers")
    file.write_bytes(file.read_bytes()[:-cut])
    again = Answers(tmp_path, "mine")
    left = 5 if cut <= 40 else 4
    assert same(again.find(PICTURES), range(left))
    again.add(PICTURES[left:], VECTORS[left:], FORM)
    assert same(Answers(tmp_path, "mine").find(PICTURES), range(6))


def test_what_is_damaged_is_lost_alone(tmp_path, caplog):
    kept(tmp_path)
    (file,) = tmp_path.glob("*.answers")
    content = bytearray(file.read_bytes())
    content[40 * 2 + 20] ^= 4
    file.write_bytes(content)
    assert same(Answers(tmp_path, "mine").find(PICTURES), [0, 1, 3, 4, 5])
    assert "1 answers" in caplog.text


@pytest.mark.parametrize("damage", [lambda file: file.unlink(), lambda file: file.write_text("{")])
def test_answers_outlive_the_file_that_tells_their_form(tmp_path, damage):
    kept(tmp_path, 5)
    damage(tmp_path / "mine.json")
    again = Answers(tmp_path, "mine")
    assert again.find(PICTURES) == {}
    again.add(PICTURES[5:], VECTORS[5:], FORM)
    assert same(again.find(PICTURES), range(6))


def test_what_another_process_appends_is_seen(tmp_path):
    first, second = Answers(tmp_path, "mine"), Answers(tmp_path, "mine")
    first.add(PICTURES[:2], VECTORS[:2], FORM)
    assert same(second.find(PICTURES), [0, 1])
    second.add(PICTURES[2:4], VECTORS[2:4], FORM)
    assert same(first.find(PICTURES), range(4))
    assert len(first) == 4
    assert len(list(tmp_path.glob("*.answers"))) == 2


def test_it_goes_to_other_processes(tmp_path):
    sent = pickle.loads(pickle.dumps(kept(tmp_path, 3)))
    sent.add(PICTURES[3:], VECTORS[3:], FORM)
    assert same(sent.find(PICTURES), range(6))


def test_a_full_disk_takes_nothing_that_was_there(tmp_path, monkeypatch):
    answers = kept(tmp_path, 3)
    real = answers._own

    class Full:
        def write(self, data):
            real.write(data[:7])
            raise OSError(errno.ENOSPC, "No space left on device")

        def __getattr__(self, name):
            return getattr(real, name)

    monkeypatch.setattr(answers, "_own", Full())
    with pytest.raises(FacetrialError, match=r"No space left.*What was answered before is kept"):
        answers.add(PICTURES[3:], VECTORS[3:], FORM)
    monkeypatch.setattr(answers, "_own", real)
    answers.add(PICTURES[3:], VECTORS[3:], FORM)
    assert same(Answers(tmp_path, "mine").find(PICTURES), range(6))


def test_nobody_is_kept_too(tmp_path):
    Answers(tmp_path, "mine").add(PICTURES[:1], [np.full(4, np.nan, np.float32)], FORM)
    assert np.isnan(Answers(tmp_path, "mine").find(PICTURES)[PICTURES[0]]).all()
