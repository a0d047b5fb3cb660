"""Faces kept for the next trial: those of the same files as they are now, and nobody writes into them."""

import os

import numpy as np
import pytest

from facetrial.core.process.kept import forget, keeping
from facetrial.data.people_folder import PeopleFolder
from facetrial.data.synthetic import SyntheticFaces
from facetrial.training.plan import RecognizerPlan
from tests.helpers.commands import drawn_plan
from tests.helpers.configs import composed
from tests.helpers.drawn_folders import draw_photographs


@pytest.fixture(autouse=True)
def _nothing_kept():
    forget()
    yield
    forget()


def loads(monkeypatch, kind) -> list:
    """Grows by one with each time that faces of this kind are loaded."""
    loaded, load = [], kind.load_faces
    monkeypatch.setattr(kind, "load_faces", lambda self: (loaded.append(1), load(self))[1])
    return loaded


def test_a_sweep_loads_them_once_and_each_trial_has_its_own(tmp_path, monkeypatch):
    loaded = loads(monkeypatch, SyntheticFaces)
    with keeping():
        first = drawn_plan(tmp_path).make_faces()
        first.all_faces.landmarks[:] = 0
        first.names.append("nobody")
        first.all_faces.identities[:] = 0
        with pytest.raises(ValueError, match="read-only"):
            first.all_faces.pixels[:] = 0
        second = drawn_plan(tmp_path).make_faces()
    assert len(loaded) == 1
    whole = drawn_plan(tmp_path).make_faces()
    assert len(loaded) == 2
    for part in ("all_faces", "train_faces", "validation_faces", "test_faces"):
        kept, fresh = getattr(second, part), getattr(whole, part)
        assert (kept.files, kept.names) == (fresh.files, fresh.names)
        for name in ("rows", "identities", "landmarks", "boxes", "five_points", "pictures", "pixels"):
            np.testing.assert_array_equal(getattr(kept, name), getattr(fresh, name))


def test_other_settings_are_other_faces(tmp_path, monkeypatch):
    loaded = loads(monkeypatch, SyntheticFaces)
    with keeping():
        for seed in (0, 1, 0):
            drawn_plan(tmp_path, f"data.people_seed={seed}").make_faces()
    assert len(loaded) == 2


def folder_plan(tmp_path, people) -> RecognizerPlan:
    overrides = [f"data.root={people}", "embedder.size=64", f"paths.cache={tmp_path / 'cache'}"]
    return RecognizerPlan.of(composed(tmp_path, "data=folder", "embedder=small", *overrides))


def test_a_picture_that_changed_is_seen(tmp_path, monkeypatch):
    """Of the same size and time as before, as a sync or a checkout leaves them."""
    people = draw_photographs(tmp_path / "people", ("Ann", "Bob"), 4)
    loaded = loads(monkeypatch, PeopleFolder)
    with keeping():
        before = folder_plan(tmp_path, people).make_faces()
        folder_plan(tmp_path, people).make_faces()
        assert len(loaded) == 1
        path = people / "Ann" / "Ann_0001.jpg"
        content, status = bytearray((people / "Bob" / "Bob_0001.jpg").read_bytes()), path.stat()
        path.write_bytes(content)
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
        after = folder_plan(tmp_path, people).make_faces()
        assert len(loaded) == 2
        assert len(after.all_faces) < len(before.all_faces)  # it is Bob's, twice: both are left out
        (people / "lost.jpg").write_bytes(content)  # nobody's; told with the faces
        assert "lost.jpg" in folder_plan(tmp_path, people).make_faces().bad_pictures
