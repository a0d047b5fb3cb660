"""A change of the crop, carried back into the photograph."""

import numpy as np
import pytest
import torch
from PIL import Image

from facetrial.core.errors import FacetrialError
from facetrial.data.people_folder import PeopleFolder
from facetrial.data.photos.alignment import FacenetAlignment, FivePointsAlignment, move_points
from facetrial.data.photos.detection import find_in
from facetrial.data.photos.source_photo import Photograph
from facetrial.data.rendering.renderer import render

POINTS = np.array([[70, 80], [110, 82], [91, 104], [74, 128], [106, 129]], dtype=np.float64)
BOX = np.array([50, 40, 130, 150], dtype=np.float64)


def photograph(seed: int = 0) -> np.ndarray:
    """A smooth picture, as a photograph is."""
    coarse = np.random.default_rng(seed).integers(60, 196, (25, 20, 3), dtype=np.uint8)
    return np.asarray(Image.fromarray(coarse).resize((200, 250), Image.Resampling.BICUBIC))


def test_no_change_leaves_every_byte():
    pixels = photograph()
    _, to_crop = FivePointsAlignment(112).align(Image.fromarray(pixels), BOX, POINTS)
    assert np.array_equal(Photograph(pixels, to_crop).changed(np.zeros((112, 112, 3))), pixels)


def test_on_a_picture_that_is_its_own_crop_the_change_is_exact():
    pixels = photograph()[:96, :96]
    change = np.random.default_rng(1).integers(-60, 61, pixels.shape).astype(np.float32)
    found = Photograph(pixels, np.eye(2, 3)).changed(change)
    assert np.array_equal(found, np.clip(pixels + change, 0, 255))


def test_a_shift_by_whole_pixels_moves_the_change_and_touches_nothing_else():
    pixels = np.full((60, 50, 3), 100, dtype=np.uint8)
    change = np.random.default_rng(1).integers(-60, 61, (20, 20, 3)).astype(np.float32)
    found = Photograph(pixels, np.array([[1.0, 0, -7], [0, 1, -11]])).changed(change)
    expected = pixels.astype(np.float32)
    expected[11:31, 7:27] += change
    assert np.array_equal(found, expected)


@pytest.mark.parametrize("alignment", [FivePointsAlignment(112), FacenetAlignment(160, 36)], ids=repr)
def test_cut_anew_the_photograph_shows_the_change(alignment):
    """A smooth change comes back as it was, but for two interpolations."""
    pixels = photograph()
    picture = Image.fromarray(pixels)
    crop, to_crop = alignment.align(picture, BOX, POINTS)
    places = np.linspace(0, 3 * np.pi, alignment.size)
    change = 30 * np.sin(places)[:, None, None] * np.cos(places)[None, :, None] * np.array([1.0, -1.0, 0.5])
    found = Photograph(pixels, to_crop).changed(change.astype(np.float32))
    again, _ = alignment.align(Image.fromarray(found), BOX, POINTS)
    middle = slice(10, -10)
    came, went = ((again.astype(np.float32) - crop)[middle, middle], change[middle, middle])
    assert np.abs(came - went).mean() < 1.0
    assert np.corrcoef(came.ravel(), went.ravel())[0, 1] > 0.99


def test_what_lies_outside_the_crop_stays():
    pixels = photograph()
    _, to_crop = FivePointsAlignment(112).align(Image.fromarray(pixels), BOX, POINTS)
    found = Photograph(pixels, to_crop).changed(np.full((112, 112, 3), 40.0))
    y, x = np.nonzero((found != pixels).any(-1))
    places = move_points(to_crop, np.stack([x, y], axis=1))
    assert places.min() >= -0.5
    assert places.max() <= 111.5
    assert np.unique(found.astype(int) - pixels).tolist() == [0, 40]


def test_another_shape_is_refused():
    with pytest.raises(FacetrialError, match=r"expected shape \(S, S, 3\)"):
        Photograph(photograph(), np.eye(2, 3)).changed(np.zeros((3, 8, 8)))


def test_a_folders_pictures_are_cut_from_their_photographs(tmp_path):
    drawn = render(0, torch.arange(2).repeat_interleave(3), torch.arange(3).repeat(2), 160)
    for number, pixels in enumerate(drawn.images.mul(255).byte().permute(0, 2, 3, 1).numpy()):
        path = tmp_path / "people" / f"Person_{number // 3}" / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(path)
    faces = PeopleFolder(str(tmp_path / "people"), 64, "five_points", str(tmp_path / "cache"))
    file = faces.all_faces.files[4]
    found = faces.photograph(file)
    assert np.array_equal(found.pixels, np.asarray(Image.open(tmp_path / "people" / file)))
    points = faces.all_faces.five_points[4]
    (seen,) = find_in([Image.fromarray(found.pixels)], faces.search).points
    assert np.allclose(move_points(found.to_crop, seen - 1), points, atol=0.01)
    crop, _ = faces.alignment.align(Image.fromarray(found.pixels), np.zeros(4), seen)
    assert (
        np.abs(crop.astype(int) - faces.all_faces.pixels[4]).max() <= 1
    )  # found alone, points round differently
    (tmp_path / "people" / file).write_bytes(b"gone")
    with pytest.raises(FacetrialError, match="changed since it was cut"):
        faces.photograph(file)
