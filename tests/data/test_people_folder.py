"""Folders of people as they come from phones and disks."""

import json

import numpy as np
import pytest
from hydra.utils import instantiate
from PIL import Image

from facetrial.core.errors import FacetrialError
from facetrial.core.provenance import data_recipe
from facetrial.data.people_folder import PeopleFolder
from tests.helpers.configs import composed
from tests.helpers.photographs import LFW_FUNNELED, draw_people, folder, lfw


def test_three_pictures_a_person_are_enough(tmp_path):
    data = folder(draw_people(tmp_path / "people", {"Ann": 3, "Bob": 4, "Cem": 2}), tmp_path)
    data.setup()
    assert data.names == ["Ann", "Bob"]
    for part in (data.train_faces, data.validation_faces, data.test_faces):
        assert set(part.identities.tolist()) == {0, 1}


def test_a_root_that_is_missing(tmp_path):
    for root, said in ((None, "data.root is not given"), (tmp_path / "gone", "is not a folder")):
        with pytest.raises(FacetrialError, match=said):
            folder(root, tmp_path).all_faces  # noqa: B018
        with pytest.raises(FacetrialError, match=said):
            folder(root, tmp_path).check_source()


def test_people_with_too_few_pictures_need_more_where_no_setting_takes_fewer(tmp_path):
    root = draw_people(tmp_path / "people", {"Ann": 2, "Bob": 1})
    for least, advice in (
        (3, "Add pictures of them, or give another"),
        (4, "Add pictures of them, lower data.min_pictures, or give"),
    ):
        with pytest.raises(FacetrialError, match=rf"has {least} pictures; the most is 2\. {advice}"):
            folder(root, tmp_path, min_pictures=least).check_source()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"min_pictures": 2}, "min_pictures must be a whole number from 3 on"),
        ({"face": "left"}, r"data\.face must be one of largest, central, found 'left'"),
        ({"smallest_face": 0}, r"data\.smallest_face"),
        ({"longest_side": 5}, r"data\.longest_side"),
        ({"on_no_face": "guess"}, r"data\.on_no_face must be one of skip, centre, found 'guess'"),
    ],
)
def test_settings_that_cannot_be(tmp_path, changes, said):
    with pytest.raises(FacetrialError, match=said):
        folder(tmp_path, tmp_path, **changes)


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
    pairs = folder(tmp_path / "people", tmp_path, size=112, alignment="five_points", on_no_face="skip")
    pairs.faces_of(["Bush/small.jpg", "Bush/two.jpg"])
    assert pairs.several_faces == {"Bush/two.jpg": 2}
    assert "1 of 2 pictures have several faces; the largest is taken" in caplog.text


def test_the_detector_decides_a_recipe_where_it_is_not_what_it_was_before_there_was_another(tmp_path):
    (tmp_path / "Ann").mkdir()
    Image.new("RGB", (8, 8)).save(tmp_path / "Ann" / "1.png")
    settings = {"_target_": "facetrial.data.LFW", "root": str(tmp_path), "size": 32}
    older = data_recipe(settings, ())
    assert data_recipe(settings | {"detector": "mtcnn"}, ()) == older
    assert data_recipe(settings | {"detector": "centerface"}, ()) == older | {"detector": "centerface"}
    for data in (
        folder(tmp_path, tmp_path, detector="centerface"),
        lfw(tmp_path, tmp_path, detector="centerface"),
    ):
        assert data.search.detector == "centerface"
