"""Folders of people as they come from phones and disks."""

import json
import shutil

import numpy as np
import pytest
from hydra.utils import instantiate
from PIL import Image

from facetrial.core.errors import FacetrialError
from facetrial.data.people_folder import PeopleFolder
from facetrial.data.photos import detection_cache, mtcnn
from facetrial.data.photos.detection_cache import find_faces
from facetrial.data.photos.image_files import content_digests
from facetrial.data.photos.mtcnn import Search
from facetrial.data.photos.person_folders import copies
from tests.data.test_lfw import LFW_FUNNELED, draw_people
from tests.helpers.configs import composed


def folder(root, tmp_path, **changes) -> PeopleFolder:
    settings = {"size": 32, "alignment": "facenet", "on_no_face": "centre", "cache": str(tmp_path / "cache")}
    return PeopleFolder(root=None if root is None else str(root), **settings | changes)


def test_three_pictures_a_person_are_enough(tmp_path):
    data = folder(draw_people(tmp_path / "people", {"Ann": 3, "Bob": 4, "Cem": 2}), tmp_path)
    data.setup()
    assert data.names == ["Ann", "Bob"]
    for part in (data.train_faces, data.validation_faces, data.test_faces):
        assert set(part.identities.tolist()) == {0, 1}


def test_a_picture_without_a_face_is_left_out(tmp_path, caplog):
    root = draw_people(tmp_path / "people", {"Ann": 3})
    with pytest.raises(FacetrialError, match=r"nobody below .* has 3 usable pictures; the most is 0"):
        folder(root, tmp_path, on_no_face="skip").all_faces  # noqa: B018
    assert "Ann_0001.jpg (no face that MTCNN finds)" in caplog.text


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


def test_pictures_of_kinds_that_are_not_read_are_named(tmp_path, caplog):
    root = draw_people(tmp_path / "people", {"Ann": 3})
    for name in ("IMG_1.HEIC", "IMG_2.heif", "clip.gif", "film.mov"):
        (root / "Ann" / name).write_bytes(b"content")
    (root / "Ann" / "IMG_3.jpg").write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0" + bytes(40))
    data = folder(root, tmp_path)
    assert len(data.all_faces) == 3
    assert "3 picture(s) are of a kind that is not read" in caplog.text
    assert "IMG_1.HEIC" in caplog.text
    assert "HEIC picture, which is not read: save it as JPEG" in data.bad_pictures["Ann/IMG_3.jpg"]


@pytest.mark.parametrize(
    ("files", "said"),
    [
        (["Ann/1.heic", "Ann/2.HEIC"], "2 of a kind that is not read, such as Ann/1.heic"),
        (["1.jpg", "2.jpg", "Ann/notes.txt"], "2 in no person's folder"),
        (["friends/Ann/1.jpg"], "1 in folders below a person's"),
    ],
)
def test_a_folder_of_another_layout_says_what_lies_there(tmp_path, files, said):
    for file in files:
        (tmp_path / "people" / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "people" / file).write_bytes(b"content")
    with pytest.raises(FacetrialError, match=said):
        folder(tmp_path / "people", tmp_path).all_faces  # noqa: B018


def test_a_root_that_is_missing(tmp_path):
    for root, said in ((None, "data.root is not given"), (tmp_path / "gone", "is not a folder")):
        with pytest.raises(FacetrialError, match=said):
            folder(root, tmp_path).all_faces  # noqa: B018


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"min_pictures": 2}, "min_pictures must be at least 3"),
        ({"face": "left"}, r'data\.face must be "largest" or "central"'),
        ({"smallest_face": 0}, r"data\.smallest_face"),
        ({"longest_side": 5}, r"data\.longest_side"),
        ({"on_no_face": "guess"}, r'data\.on_no_face must be "skip" or "centre"'),
    ],
)
def test_settings_that_cannot_be(tmp_path, changes, said):
    with pytest.raises(FacetrialError, match=said):
        folder(tmp_path, tmp_path, **changes)


class FoundHere:
    """A detector that finds the same boxes in every picture."""

    def __init__(self, *boxes: tuple[int, int, int, int]) -> None:
        self.boxes, self.sizes = np.array(boxes, np.float32), []

    def detect(self, pictures, landmarks):
        self.sizes += [picture.shape[:2] for picture in pictures]
        points = self.boxes[:, None, :2] + np.zeros((1, 5, 2), np.float32)
        return [self.boxes] * len(pictures), None, [points] * len(pictures)


@pytest.mark.parametrize(("face", "taken"), [("largest", 0), ("central", 1)])
def test_which_of_several_faces_is_taken(face, taken):
    detector = FoundHere((0, 0, 40, 50), (40, 40, 62, 62), (90, 90, 95, 95))
    pictures = np.zeros((2, 100, 100, 3), np.uint8)
    boxes, points, counts = mtcnn.one_face_each(pictures, detector, Search(face))
    assert boxes.tolist() == [detector.boxes[taken].tolist()] * 2
    assert points[0, 0].tolist() == detector.boxes[taken, :2].tolist()
    assert counts.tolist() == [2, 2]  # the third is a speck


def test_a_large_picture_is_shrunk_for_the_search_alone(tmp_path):
    detector = FoundHere((10, 20, 50, 80))
    Image.new("RGB", (400, 300)).save(tmp_path / "large.png")
    found = detection_cache._detect(
        [tmp_path / "large.png"], detector, lambda count: None, Search("largest", 0.1, 200)
    )
    assert detector.sizes == [(150, 200)]
    assert found.boxes.tolist() == [[20, 40, 100, 160]]


def test_a_cache_from_before_faces_were_counted_is_read(tmp_path):
    root = draw_people(tmp_path / "people", {"Ann": 3})
    paths = sorted(root.glob("*/*"))
    find_faces(paths, content_digests(paths), tmp_path / "cache", Search())
    (kept,) = (tmp_path / "cache" / "detections").glob("*/*.npz")
    with np.load(kept) as part:
        np.savez(kept, **{name: part[name] for name in part if name != "counts"})
    again = find_faces(paths, content_digests(paths), tmp_path / "cache", Search())
    assert again.counts.tolist() == [-1, -1, -1]


def test_the_config_puts_a_network_that_knows_faces_on_trial(tmp_path):
    config = composed(tmp_path, "data=folder", f"data.root={tmp_path}")
    assert config.trainer.max_epochs == 0
    assert "InceptionResnetV1" in config.embedder._target_
    assert config.landmarks._target_.endswith("Mtcnn")
    assert isinstance(instantiate(config.data), PeopleFolder)
    chosen = composed(
        tmp_path, "data=folder", "embedder=mobilefacenet", "landmarks=labels", "trainer.max_epochs=2"
    )
    assert chosen.trainer.max_epochs == 2
    assert chosen.data.alignment == "five_points"
    assert chosen.landmarks._target_.endswith("Labels")


@pytest.mark.real
def test_a_phones_pictures(shared, tmp_path, caplog):
    """Turned by EXIF, of twelve million pixels, and with somebody small in the background."""
    people = shared / LFW_FUNNELED
    with (
        Image.open(people / "George_W_Bush/George_W_Bush_0001.jpg") as bush,
        Image.open(people / "Tony_Blair/Tony_Blair_0001.jpg") as blair,
    ):
        upright = Image.new("RGB", (600, 800), (90, 110, 90))
        upright.paste(bush.resize((500, 500)), (90, 250))
        with_another = upright.copy()
        with_another.paste(blair.resize((300, 300)), (0, 0))
    small = tmp_path / "people" / "Bush" / "small.jpg"
    small.parent.mkdir(parents=True)
    upright.save(small, quality=95)
    exif = upright.getexif()
    exif[0x0112] = 6  # turn clockwise to see it upright
    upright.rotate(90, expand=True).save(small.with_name("turned.jpg"), quality=95, exif=exif)
    upright.resize((3000, 4000)).save(small.with_name("large.jpg"), quality=95)
    with_another.save(small.with_name("two.jpg"), quality=95)

    data = folder(tmp_path / "people", tmp_path, size=112, alignment="five_points", on_no_face="skip")
    faces = data.all_faces
    assert not data.bad_pictures
    assert data.several_faces == {"Bush/two.jpg": 2}
    assert "1 of 4 pictures have several faces; the largest is taken" in caplog.text
    crops = dict(zip(faces.files, faces.pixels.astype(float), strict=True))
    for other in ("turned", "large", "two"):
        away = np.abs(crops[f"Bush/{other}.jpg"] - crops["Bush/small.jpg"])[20:92, 20:92]
        assert away.mean() < 8
    (notes,) = (tmp_path / "cache" / "crops").glob("*.json")
    assert json.loads(notes.read_text())["several_faces"] == data.several_faces
