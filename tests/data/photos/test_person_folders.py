"""Which files in a folder of people are pictures of whom."""

import errno
import os
import shutil
import unicodedata
from pathlib import Path

import pytest
from PIL import Image

from facetrial.core.errors import FacetrialError
from facetrial.data.lfw import LFW
from facetrial.data.photos.person_folders import copies, pictures_of_people, shown_names
from tests.helpers.photographs import draw_people, folder, lfw


def test_folders_of_systems_and_viewers_are_no_people(tmp_path):
    draw_people(tmp_path / "data", {"Ann_Lee": 4, ".thumbnails": 6, "__MACOSX": 6})
    data = lfw(tmp_path / "data", tmp_path)
    assert data.names == ["Ann Lee"]
    assert len(LFW.source_files(tmp_path / "data")) == 4


@pytest.mark.parametrize("inside", ["", "lfw_funneled", "lfw_home/lfw_funneled"])
def test_layouts(tmp_path, inside):
    draw_people(tmp_path / "data" / inside, {"Ann_Lee": 4, "Bob": 5, "Few_Pictures": 3})
    data = lfw(tmp_path / "data", tmp_path)
    faces = data.all_faces
    assert faces.names == ["Ann Lee", "Bob"]
    assert faces.files[:2] == ["Ann_Lee/Ann_Lee_0001.jpg", "Ann_Lee/Ann_Lee_0002.jpg"]
    assert faces.identities.tolist() == [0] * 4 + [1] * 5
    assert faces.pixels.shape == (9, 32, 32, 3)
    data.setup()
    assert sorted(data.train_faces.files + data.validation_faces.files + data.test_faces.files) == faces.files


def test_names_with_blanks_and_accents(tmp_path):
    decomposed = unicodedata.normalize("NFD", "José_Ñandú")
    draw_people(tmp_path / "data", {decomposed: 4, "Anna  Maria": 4, "李": 4})
    faces = lfw(tmp_path / "data", tmp_path).all_faces
    assert faces.names == ["Anna  Maria", "José Ñandú", "李"]
    assert "José_Ñandú/José_Ñandú_0001.jpg" in faces.files


def test_people_who_would_share_a_name_keep_their_folders(tmp_path, caplog):
    draw_people(tmp_path / "data", {"Ann Lee": 4, "Ann_Lee": 4})
    assert lfw(tmp_path / "data", tmp_path).all_faces.names == ["Ann Lee", "Ann_Lee"]
    assert "1 name(s) have several folders" in caplog.text


def test_folders_that_may_be_one_persons_are_named(caplog):
    assert shown_names(["Ann", "Ann_Lee", "ann", "ann ", "Bob", "Émile", "émile"])[4] == "Bob"
    assert "2 name(s)" in caplog.text
    assert ": 'Ann' and 'ann' and 'ann ', 'Émile' and 'émile'. If" in caplog.text
    caplog.clear()
    shown_names(["Ann", "Anna", "Bob"])
    assert not caplog.text


def test_other_files_are_not_pictures(tmp_path):
    root = draw_people(tmp_path / "data", {"Ann": 4})
    (root / "readme.txt").write_text("about")
    (root / "Ann" / "notes.txt").write_text("about Ann")
    (root / "Ann" / "._Ann_0001.jpg").write_bytes(b"a Mac's")
    data = lfw(root, tmp_path)
    assert len(data.all_faces) == 4
    assert not data.bad_pictures


def test_missing_and_empty_folders(tmp_path):
    (tmp_path / "empty" / "Nobody").mkdir(parents=True)
    draw_people(tmp_path / "few", {"Ann": 3})
    for root, message in {
        "gone": "not a folder",
        "empty": "no pictures in .*one folder for each person",
        "few": "none of the 1 people .* has 4 pictures; the most is 3",
    }.items():
        with pytest.raises(FacetrialError, match=message):
            lfw(tmp_path / root, tmp_path).all_faces  # noqa: B018


def test_copies_do_not_meet_themselves_in_the_test(tmp_path, caplog):
    root = draw_people(tmp_path / "people", {"Ann": 4, "Bob": 4, "Cem": 4})
    shutil.copy(root / "Ann" / "Ann_0001.jpg", root / "Ann" / "Ann_0009.jpg")
    shutil.copy(root / "Bob" / "Bob_0002.jpg", root / "Cem" / "Cem_0009.jpg")
    data = folder(root, tmp_path)
    assert len(data.all_faces) == 4 + 3 + 4
    assert data.bad_pictures == {
        "Ann/Ann_0009.jpg": "a copy of Ann/Ann_0001.jpg",
        "Bob/Bob_0002.jpg": "in the folders of several people: Bob/Bob_0002.jpg, Cem/Cem_0009.jpg",
        "Cem/Cem_0009.jpg": "in the folders of several people: Bob/Bob_0002.jpg, Cem/Cem_0009.jpg",
    }
    assert "3 picture(s) cannot be used" in caplog.text


def test_a_content_that_is_not_known_is_no_copy():
    assert copies(["A/1", "A/2", "B/1"], ["", "", ""]) == {}


def test_pictures_that_are_no_persons_or_of_no_kind_that_is_read_are_named(tmp_path, caplog):
    root = draw_people(tmp_path / "people", {"Ann": 3})
    (root / "Ann" / "more").mkdir()
    (root / ".thumbnails" / "large").mkdir(parents=True)
    os.close(os.open(os.fsencode(root) + b"/Ann/\xff.heic", os.O_CREAT))
    unused = ("Ann/IMG_1.HEIC", "Ann/IMG_2.heif", "all.png", "Ann/more/1.jpg")
    for name in (*unused, "Ann/film.mov", ".thumbnails/large/1.png", ".all.png"):
        (root / name).write_bytes(b"content")
    (root / "Ann" / "IMG_3.jpg").write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0" + bytes(40))
    data = folder(root, tmp_path)
    assert len(data.all_faces) == 3
    assert "6 picture(s) cannot be used and are left out: Ann/IMG_3.jpg (a HEIC picture" in caplog.text
    assert data.bad_pictures == {
        "Ann/IMG_3.jpg": "a HEIC picture, which is not read: save it as JPEG",
        "Ann/IMG_1.HEIC": "of a kind that is not read: save it as JPEG",
        "Ann/IMG_2.heif": "of a kind that is not read: save it as JPEG",
        r"Ann/\udcff.heic": "of a kind that is not read: save it as JPEG",
        "all.png": "in no person's folder: make a folder for each person",
        "Ann/more/1.jpg": "in a folder below a person's: move it up",
    }
    folder(root, tmp_path, on_bad_picture="skip")
    (root / "Ann" / "IMG_3.jpg").unlink()
    assert len(folder(root, tmp_path, on_bad_picture="error").all_faces) == 3  # which these do not end


def test_pictures_that_are_called_as_none_is_and_links_to_nothing_are_named(tmp_path):
    root = draw_people(tmp_path / "people", {"Ann": 4})
    (root / "Ann" / "Ann_0004.jpg").rename(root / "Ann" / "Ann_0004.JPG ")
    Image.new("RGB", (30, 30)).save(root / "Ann" / "scraped", "WEBP")
    (root / "Ann" / "notes").write_text("about Ann")
    (root / "Ann" / "Ann_0005.jpg").symlink_to(tmp_path / "annex" / "gone.jpg")
    (root / "Ann" / "Ann_0006.jpg").mkdir()
    data = folder(root, tmp_path)
    assert len(data.all_faces) == 3
    assert data.bad_pictures == {
        "Ann/Ann_0004.JPG ": "a picture whose name does not end as a picture's: rename it",
        "Ann/Ann_0005.jpg": "a link to a file that is not there",
        "Ann/scraped": "a picture whose name does not end as a picture's: rename it",
    }


@pytest.mark.parametrize("place", ["Ann/José.jpg", "José/1.jpg"])
def test_names_that_differ_in_how_an_accent_is_written_are_not_one_picture(tmp_path, place):
    root = draw_people(tmp_path / "people", {"Ann": 5})
    for form, other in (("NFC", "Ann_0001.jpg"), ("NFD", "Ann_0002.jpg")):
        target = root / unicodedata.normalize(form, place)
        target.parent.mkdir(exist_ok=True)
        (root / "Ann" / other).rename(target)
    with pytest.raises(FacetrialError, match="differ only in how an accent is written"):
        folder(root, tmp_path).all_faces  # noqa: B018


@pytest.mark.parametrize(
    ("files", "said"),
    [
        (["Ann/1.heic", "Ann/2.HEIC"], r"2 of a kind that is not read: save it as JPEG \(such as Ann/1.heic"),
        (["1.jpg", "2.jpg", "Ann/notes.txt"], "2 in no person's folder"),
        (["friends/Ann/1.jpg"], "1 in a folder below a person's: move it up"),
    ],
)
def test_a_folder_of_another_layout_says_what_lies_there(tmp_path, files, said):
    for file in files:
        (tmp_path / "people" / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "people" / file).write_bytes(b"content")
    with pytest.raises(FacetrialError, match=said):
        folder(tmp_path / "people", tmp_path).all_faces  # noqa: B018


def test_a_folder_that_may_not_be_looked_into_is_named(tmp_path, monkeypatch):
    draw_people(tmp_path / "data", {"Ann": 4, "Bob": 4, "lost+found": 4})
    looked = Path.iterdir

    def locked(self):
        if self.name in hidden:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(self))
        return looked(self)

    monkeypatch.setattr(Path, "iterdir", locked)
    hidden = ["lost+found"]
    assert len(pictures_of_people(tmp_path / "data", 2)) == 8
    hidden = ["Bob"]
    with pytest.raises(FacetrialError, match=r"cannot look into .*Bob: Permission denied\. Allow it"):
        pictures_of_people(tmp_path / "data", 2)
