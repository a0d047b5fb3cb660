"""LFW from folders as people have them, with caches that are cut short, go stale and cannot be written."""

import urllib.error
from pathlib import Path

import numpy as np
import pytest
import torch
from hydra.utils import instantiate
from omegaconf import OmegaConf
from PIL import Image

from facetrial.core.errors import FacetrialError
from facetrial.core.provenance import data_files
from facetrial.data.photos.alignment import TEMPLATE_112, FivePointsAlignment
from tests.helpers.paths import CONF
from tests.helpers.photographs import LFW_FUNNELED, draw_people, lfw


def test_grey_rgba_and_sixteen_bit_pictures_are_used(tmp_path):
    root = draw_people(tmp_path / "data", {"Ann": 1})
    ramp = np.tile(np.linspace(0, 255, 48).astype(np.uint8), (48, 1))
    Image.fromarray(ramp).save(root / "Ann" / "grey.png")
    Image.fromarray(ramp).convert("RGBA").save(root / "Ann" / "alpha.png")
    Image.fromarray(ramp.astype(np.uint16) * 257).save(root / "Ann" / "deep.png")
    data = lfw(root, tmp_path)
    pixels = {file: data.all_faces.pixels[row] for row, file in enumerate(data.all_faces.files)}
    np.testing.assert_array_equal(pixels["Ann/grey.png"], pixels["Ann/deep.png"])
    np.testing.assert_array_equal(pixels["Ann/grey.png"], pixels["Ann/alpha.png"])
    assert not data.bad_pictures


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"min_pictures": 2}, "data.min_pictures must be a whole number from 3 on"),
        ({"on_bad_picture": "maybe"}, "on_bad_picture"),
        ({"alignment": "eyes"}, "alignment"),
        ({"limit": 0}, "limit"),
    ],
)
def test_settings_that_cannot_be(tmp_path, changes, message):
    with pytest.raises(FacetrialError, match=message):
        lfw(tmp_path, tmp_path, **changes)


def test_loading_draws_nothing_from_torchs_generator_and_keeps_its_threads(tmp_path):
    before, threads = torch.get_rng_state(), torch.get_num_threads()
    lfw(draw_people(tmp_path / "data", {"Ann": 4}), tmp_path).all_faces  # noqa: B018
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.get_num_threads() == threads


def test_the_config_makes_it(tmp_path):
    config = OmegaConf.merge(
        {
            "embedder": {"size": 112, "alignment": "five_points"},
            "paths": {"cache": str(tmp_path)},
            "privacy": "off",
        },
        {"data": OmegaConf.load(CONF / "data" / "lfw.yaml")},
    )
    data = instantiate(config.data, min_pictures=5)
    assert data.alignment == FivePointsAlignment(112)
    assert data.min_pictures == 5
    assert data.cache == tmp_path


@pytest.fixture
def scikit_learns_home(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("SCIKIT_LEARN_DATA", str(tmp_path / "sk"))
    return tmp_path / "sk" / "lfw_home"


def test_scikit_learn_downloads_when_no_root_is_given(tmp_path, monkeypatch, scikit_learns_home, caplog):
    def download(**_):
        draw_people(scikit_learns_home / "lfw_funneled", {"Ann": 4})

    monkeypatch.setattr("sklearn.datasets.fetch_lfw_people", download)
    assert len(lfw(None, tmp_path).all_faces) == 4
    assert "scikit-learn downloads it" in caplog.text
    caplog.clear()
    assert len(lfw(None, tmp_path).all_faces) == 4
    assert "downloads" not in caplog.text


def test_a_download_that_fails_says_what_to_do(tmp_path, monkeypatch, scikit_learns_home):
    def offline(**_):
        raise urllib.error.URLError("no route to host")

    monkeypatch.setattr("sklearn.datasets.fetch_lfw_people", offline)
    with pytest.raises(FacetrialError, match=r"no route to host.*data\.root=DIR"):
        lfw(None, tmp_path).all_faces  # noqa: B018


def test_a_download_cut_short_while_unpacking(tmp_path, scikit_learns_home):
    draw_people(scikit_learns_home / "lfw_funneled", {"Ann": 4})
    (scikit_learns_home / "lfw-funneled.tgz").write_bytes(b"half")
    with pytest.raises(FacetrialError, match="cut short"):
        lfw(None, tmp_path).all_faces  # noqa: B018


@pytest.fixture(scope="module")
def real_people(shared, tmp_path_factory) -> Path:
    """Links to four pictures of each of a dozen people."""
    root = tmp_path_factory.mktemp("real")
    people = {person: sorted(person.glob("*.jpg")) for person in (shared / LFW_FUNNELED).iterdir()}
    for person in sorted(person for person, pictures in people.items() if len(pictures) >= 4)[::14][:12]:
        (root / person.name).mkdir()
        for number, picture in enumerate(people[person][:4]):
            (root / person.name / f"{number}.jpg").symlink_to(picture)
    return root


@pytest.mark.real
def test_real_faces_are_found_and_land_on_the_template(tmp_path, real_people):
    data = lfw(real_people, tmp_path, size=112, alignment="five_points")
    faces = data.all_faces
    assert len(faces.names) == 12
    assert not data.no_face
    misses = np.linalg.norm(faces.five_points - TEMPLATE_112, axis=-1)
    assert np.median(misses) < 3
    assert misses.mean(1).max() < 12  # a head turned to the side


@pytest.mark.real
def test_real_faces_fill_the_facenet_crop_but_for_its_margin(tmp_path, real_people):
    data = lfw(real_people, tmp_path, size=160)
    faces = data.all_faces
    np.testing.assert_allclose(np.median(faces.boxes, axis=0), [18, 18, 142, 142], atol=1.5)
    x0, y0, x1, y1 = faces.boxes[:, None].transpose(2, 0, 1)
    x, y = faces.five_points.transpose(2, 0, 1)
    assert ((x > x0) & (x < x1) & (y > y0) & (y < y1)).mean() > 0.98


def test_where_no_root_is_given_pictures_count_by_content_too(tmp_path, scikit_learns_home):
    people = scikit_learns_home / "lfw_funneled"
    draw_people(people, {"Ann": 4})
    without = {"_target_": "facetrial.data.LFW", "root": None, "cache": str(tmp_path / "cache")}
    before = data_files(without)
    assert before == data_files(without | {"root": str(people)})
    picture = next(people.rglob("*.jpg"))
    picture.write_bytes(bytes(picture.stat().st_size))
    assert data_files(without) != before
