"""Pictures that cannot be used: left out and listed, or the end of a run."""

import json
from pathlib import Path

import pytest
from PIL import Image

from facetrial.core.errors import FacetrialError
from tests.helpers.photographs import draw_people, folder, lfw


def spoil(root: Path) -> None:
    cut = root / "Ann" / "Ann_0001.jpg"
    cut.write_bytes(cut.read_bytes()[:300])
    (root / "Ann" / "Ann_0002.jpg").write_bytes(b"")
    Image.new("RGB", (1, 1)).save(root / "Ann" / "Ann_0003.jpg")
    (root / "Bob" / "Bob_0001.jpg").write_text("not a picture")


def test_bad_pictures_are_skipped_counted_and_listed(tmp_path, caplog):
    root = draw_people(tmp_path / "data", {"Ann": 8, "Bob": 4, "Cem": 4})
    spoil(root)
    data = lfw(root, tmp_path)
    faces = data.all_faces
    assert faces.names == ["Ann", "Cem"]  # Bob has too few left
    assert len(faces) == 5 + 4
    bad = data.bad_pictures
    assert list(bad) == ["Ann/Ann_0001.jpg", "Ann/Ann_0002.jpg", "Ann/Ann_0003.jpg", "Bob/Bob_0001.jpg"]
    assert "damaged" in bad["Ann/Ann_0001.jpg"]
    assert "empty" in bad["Ann/Ann_0002.jpg"]
    assert "1 x 1" in bad["Ann/Ann_0003.jpg"]
    assert "4 picture(s) cannot be used" in caplog.text
    assert "1 people have too few" in caplog.text
    (notes,) = (tmp_path / "cache" / "crops").glob("*.json")
    assert json.loads(notes.read_text())["bad_pictures"] == bad
    again = lfw(root, tmp_path)
    assert again.all_faces.files == faces.files
    assert again.bad_pictures == bad


def test_people_with_few_pictures_are_named_but_for_those_of_lfw(tmp_path, caplog):
    root = draw_people(tmp_path / "data", {"Ann": 5, "Bob": 2, "Cem": 4})
    data = folder(root, tmp_path)
    assert data.all_faces.names == ["Ann", "Cem"]
    assert data.people_left_out == ["Bob"]
    assert "1 people have too few usable pictures and are left out: Bob" in caplog.text
    data = lfw(root, tmp_path)
    assert data.all_faces.names == ["Ann", "Cem"]
    assert data.people_left_out == []


def test_bad_pictures_can_be_fatal(tmp_path):
    root = draw_people(tmp_path / "data", {"Ann": 8, "Bob": 5})
    spoil(root)
    with pytest.raises(FacetrialError, match=r"4 picture\(s\).*Ann_0001.jpg \(damaged"):
        lfw(root, tmp_path, on_bad_picture="error").all_faces  # noqa: B018


def test_a_picture_without_a_face_is_left_out(tmp_path, caplog):
    root = draw_people(tmp_path / "people", {"Ann": 3})
    with pytest.raises(FacetrialError, match=r"nobody below .* has 3 usable pictures; the most is 0"):
        folder(root, tmp_path, on_no_face="skip").all_faces  # noqa: B018
    assert "Ann_0001.jpg (no face was found)" in caplog.text
