"""Pictures in every state that people leave them in."""

import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image

from facetrial.data.photos.image_files import BadPicture, content_digests, read_picture

RAMP = np.tile(np.linspace(0, 255, 32, dtype=np.uint8), (32, 1))


def saved(tmp_path, picture: Image.Image, name: str = "a.png", **options):
    picture.save(tmp_path / name, **options)
    return tmp_path / name


def test_rgb_is_read_as_it_is(tmp_path):
    picture = Image.fromarray(np.stack([RAMP, RAMP.T, RAMP], -1))
    np.testing.assert_array_equal(read_picture(saved(tmp_path, picture)), np.asarray(picture))


@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_sixteen_bits_are_scaled_not_clipped(tmp_path, suffix):
    path = saved(tmp_path, Image.fromarray(RAMP.astype(np.uint16) * 257), f"a.{suffix}")
    np.testing.assert_array_equal(np.asarray(read_picture(path)), RAMP[..., None].repeat(3, -1))


@pytest.mark.parametrize("mode", ["L", "P", "1", "LA", "CMYK"])
def test_other_modes_become_rgb(tmp_path, mode):
    source = Image.fromarray(RAMP).convert("RGB").convert(mode)
    picture = read_picture(saved(tmp_path, source, "a.tif"))
    assert picture.mode == "RGB"
    difference = np.asarray(picture).astype(float).mean() - RAMP.mean()
    assert abs(difference) < 8


def test_transparency_lies_on_black(tmp_path):
    pixels = np.full((32, 32, 4), 200, np.uint8)
    pixels[:, :16, 3], pixels[:, 16:, 3] = 0, 255
    seen = np.asarray(read_picture(saved(tmp_path, Image.fromarray(pixels))))
    assert seen[:, :16].max() == 0
    assert (seen[:, 16:] == 200).all()


def test_exif_turns_a_picture_upright(tmp_path):
    picture = Image.new("RGB", (60, 30))
    exif = picture.getexif()
    exif[0x0112] = 6
    assert read_picture(saved(tmp_path, picture, "a.jpg", exif=exif)).size == (30, 60)


def test_bad_pictures_say_why(tmp_path):
    whole = saved(tmp_path, Image.effect_noise((64, 64), 80).convert("RGB"), "whole.jpg").read_bytes()
    (tmp_path / "empty.jpg").write_bytes(b"")
    (tmp_path / "text.jpg").write_text("not a picture at all")
    (tmp_path / "cut.jpg").write_bytes(whole[: len(whole) // 2])
    Image.new("RGB", (1, 1)).save(tmp_path / "pixel.png")
    Image.new("F", (32, 32)).save(tmp_path / "float.tif")
    Image.fromarray(np.full((32, 32), 2**20, np.int32)).save(tmp_path / "wide.tif")
    reasons = {
        "empty.jpg": "empty file",
        "text.jpg": "not a picture",
        "cut.jpg": "damaged: .*truncated",
        "pixel.png": "1 x 1 pixels",
        "float.tif": "floating-point",
        "wide.tif": "32-bit",
        "gone.jpg": "damaged: No such file",
    }
    for name, reason in reasons.items():
        with pytest.raises(BadPicture, match=reason):
            read_picture(tmp_path / name)


def test_digests_name_the_content(tmp_path):
    for name, content in {"a": b"1", "b": b"1", "c": b"2"}.items():
        (tmp_path / name).write_bytes(content)
    a, b, c, gone = content_digests([tmp_path / name for name in "abcd"])
    assert a == b != c
    assert gone == ""


def test_warnings_of_others_are_heard_after_reading_in_threads(tmp_path):
    path = tmp_path / "picture.png"
    Image.new("RGB", (32, 32)).save(path)
    before = list(warnings.filters)
    with ThreadPoolExecutor(4) as executor:
        list(executor.map(read_picture, [path] * 400))
    assert list(warnings.filters) == before
