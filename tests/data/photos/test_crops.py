"""Crops are cut as their alignment says, and lie in the cache whole or not at all."""

import numpy as np
import pytest
import torch
from PIL import Image

from facetrial.core.errors import FacetrialError
from facetrial.data.people_folder import PeopleFolder
from facetrial.data.photos.crops import CENTRE_BOX
from facetrial.data.photos.image_files import NotReadNow
from facetrial.data.rendering.renderer import render
from tests.helpers.photographs import draw_people, lfw


def test_no_face_is_cut_at_the_centre_and_listed(tmp_path, caplog):
    root = draw_people(tmp_path / "data", {"Ann": 4}, side=100)
    data = lfw(root, tmp_path, alignment="facenet", margin=0)
    faces = data.all_faces
    assert data.no_face == faces.files
    assert "In 4 of 4 pictures no face was found" in caplog.text
    assert np.isnan(faces.five_points).all()
    np.testing.assert_allclose(faces.boxes, [[0, 0, 32, 32]] * 4, atol=0.8)  # windows are of whole pixels
    whole = Image.open(root / faces.files[0])
    expected = whole.crop([int(edge) for edge in CENTRE_BOX * 100]).resize(
        (32, 32), Image.Resampling.BILINEAR
    )
    np.testing.assert_array_equal(faces.pixels[0], np.asarray(expected))


def test_an_unwritable_cache(tmp_path):
    root = draw_people(tmp_path / "data", {"Ann": 4})
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(FacetrialError, match=r"cannot write .*paths\.cache"):
        lfw(root, tmp_path, cache=str(tmp_path / "file" / "cache")).all_faces  # noqa: B018


@pytest.mark.parametrize("damaged", ["detections/*/*.npz", "crops/*.npz", "crops/*.npy"])
@pytest.mark.parametrize("damage", [lambda whole: whole[:90], lambda whole: whole[:-200] + bytes(200)])
def test_a_damaged_cache_is_made_again(tmp_path, caplog, damaged, damage):
    root = draw_people(tmp_path / "data", {"Ann": 4})
    first = lfw(root, tmp_path).all_faces
    pixels, boxes, five_points = first.pixels.copy(), first.boxes, first.five_points
    path = next((tmp_path / "cache").glob(damaged))
    path.write_bytes(damage(path.read_bytes()))
    again = lfw(root, tmp_path).all_faces
    assert f"{path} is damaged" in caplog.text
    for found, expected in ((again.pixels, pixels), (again.boxes, boxes), (again.five_points, five_points)):
        np.testing.assert_array_equal(found, expected)


def test_crops_are_memory_mapped_and_read_only(tmp_path):
    faces = lfw(draw_people(tmp_path / "data", {"Ann": 4}), tmp_path).all_faces
    assert isinstance(faces.pixels, np.memmap)
    assert not faces.pixels.flags.writeable
    images = faces.batch([0, 2]).images
    np.testing.assert_array_equal((images[1] * 255).round().permute(1, 2, 0), faces.pixels[2])


def test_crops_cut_short_leave_no_half_file(tmp_path, monkeypatch):
    root = draw_people(tmp_path / "data", {"Ann": 6})
    data = lfw(root, tmp_path)
    align, calls = type(data.alignment).align, []

    def stops(*arguments):
        calls.append(1)
        if len(calls) == 4:
            raise KeyboardInterrupt
        return align(*arguments)

    monkeypatch.setattr(type(data.alignment), "align", stops)
    with pytest.raises(KeyboardInterrupt):
        data.all_faces  # noqa: B018
    assert list((tmp_path / "cache" / "crops").iterdir()) == []
    assert len(lfw(root, tmp_path).all_faces) == 6


def test_a_full_disk_is_an_error_that_says_how_much_room_it_takes(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    root = draw_people(tmp_path / "data", {"Ann": 4})
    monkeypatch.setattr(np.lib.format, "write_array_header_1_0", full)
    with pytest.raises(FacetrialError, match=r"No space left.*MiB.*paths\.cache"):
        lfw(root, tmp_path).all_faces  # noqa: B018
    assert not list((tmp_path / "cache").rglob("*.npy"))


def test_points_of_a_mirrored_picture_are_the_mirrored_points(tmp_path):
    drawn = render(0, torch.arange(4).repeat_interleave(3), torch.arange(3).repeat(4), 160).images
    for name, images in (("Seen", drawn), ("Mirrored", drawn.flip(-1))):
        (tmp_path / "people" / name).mkdir(parents=True)
        for number, pixels in enumerate(images.mul(255).byte().permute(0, 2, 3, 1).numpy()):
            Image.fromarray(pixels).save(tmp_path / "people" / name / f"{number:02d}.png")
    data = PeopleFolder(str(tmp_path / "people"), 64, "five_points", str(tmp_path / "cache"))
    faces = data.all_faces
    points = []
    for file, found in zip(faces.files, faces.five_points, strict=True):
        to_crop = data.photograph(file).to_crop
        points.append((found - to_crop[:, 2]) @ np.linalg.inv(to_crop[:, :2]).T)
    mirrored, seen = np.split(np.stack(points), 2)
    across = (seen[..., 0] + mirrored[:, [1, 0, 2, 4, 3], 0] - 159) / 2
    assert abs(np.nanmedian(across)) < 0.35


def test_a_picture_that_cannot_be_read_any_more_is_named(tmp_path, monkeypatch):
    data = lfw(draw_people(tmp_path / "data", {"Ann": 4}), tmp_path)

    def gone(*_):
        raise NotReadNow("there is too little memory to decode it")

    monkeypatch.setattr("facetrial.data.photos.crops.use_picture", gone)
    with pytest.raises(FacetrialError, match=r"Ann_0001.jpg .*cannot be now: there is too little memory"):
        data.all_faces  # noqa: B018
