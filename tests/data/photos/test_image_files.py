"""Pictures in every state that people leave them in."""

import struct
import subprocess
import sys
import time
import warnings
import zlib
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngImageFile

from facetrial.data.photos.image_files import BadPicture, content_digests, read_picture, use_picture

RAMP = np.tile(np.linspace(0, 255, 32, dtype=np.uint8), (32, 1))


def saved(tmp_path, picture: Image.Image, name: str = "a.png", **options):
    picture.save(tmp_path / name, **options)
    return tmp_path / name


def test_rgb_is_read_as_it_is(tmp_path):
    picture = Image.fromarray(np.stack([RAMP, RAMP.T, RAMP], -1))
    np.testing.assert_array_equal(read_picture(saved(tmp_path, picture)), np.asarray(picture))


@pytest.mark.parametrize("suffix", ["png", "tif", "pgm"])
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


@pytest.mark.parametrize("mode", ["I", "I;16"])
def test_grey_of_more_than_eight_bits_has_white_at_65535(tmp_path, mode):
    values = RAMP.astype(np.int32 if mode == "I" else np.uint16) * 257
    path = saved(tmp_path, Image.fromarray(values), "a.tif")
    with Image.open(path) as opened:
        assert opened.mode == mode
    np.testing.assert_array_equal(np.asarray(read_picture(path)), RAMP[..., None].repeat(3, -1))


def tiff(tags: dict[int, int], pixels: bytes) -> bytes:
    """A file of one strip; values of tags are whole numbers."""
    entries = sorted({**tags, 273: 8, 278: tags[257], 279: len(pixels)}.items())
    table = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in entries)
    start = b"II*\0" + struct.pack("<I", 8 + len(pixels))
    return start + pixels + struct.pack("<H", len(entries)) + table + bytes(4)


def test_twelve_bits_have_white_at_4095(tmp_path):
    pixels = bytes([0xFF, 0xF8, 0x00]) * (32 * 32 // 2)  # 4095 and 2048, packed
    (tmp_path / "a.tif").write_bytes(tiff({256: 32, 257: 32, 258: 12, 259: 1, 262: 1, 277: 1}, pixels))
    assert np.asarray(read_picture(tmp_path / "a.tif"))[0, :2, 0].tolist() == [255, 128]


@pytest.mark.parametrize("suffix", ["gif", "webp", "tif", "png"])
def test_of_an_animation_the_first_picture_counts(tmp_path, suffix):
    first, second = (Image.new("RGB", (32, 32), colour) for colour in ("#ff0000", "#0000ff"))
    path = saved(tmp_path, first, f"a.{suffix}", save_all=True, append_images=[second])
    red, _, blue = np.asarray(read_picture(path))[16, 16].tolist()
    assert red > 200 > 50 > blue


def test_bad_pictures_say_why(tmp_path):
    whole = saved(tmp_path, Image.effect_noise((64, 64), 80).convert("RGB"), "whole.jpg").read_bytes()
    (tmp_path / "empty.jpg").write_bytes(b"")
    (tmp_path / "text.jpg").write_text("not a picture at all")
    (tmp_path / "cut.jpg").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "avif.png").write_bytes(b"\0\0\0\x18ftypavif" + bytes(40))
    Image.new("RGB", (1, 1)).save(tmp_path / "pixel.png")
    Image.new("RGB", (19, 4000)).save(tmp_path / "strip.png")
    Image.new("F", (32, 32)).save(tmp_path / "float.tif")
    Image.fromarray(np.full((32, 32), 2**20, np.int32)).save(tmp_path / "wide.tif")
    Image.fromarray(np.full((32, 32), -5, np.int32)).save(tmp_path / "below.tif")
    Image.fromarray(np.full((32, 32), 200, np.uint16)).save(tmp_path / "dark.png")
    Image.fromarray(RAMP.astype(np.uint16) * 16).save(tmp_path / "twelve.png")
    Image.new("RGB", (32, 32)).save(tmp_path / "print.eps")
    (tmp_path / "print.eps").rename(tmp_path / "program.jpg")
    with_header = saved(tmp_path, Image.new("L", (32, 32)), "small.png").read_bytes()
    for name, (width, height) in {"large.png": (11_001, 10_000), "huge.png": (2**31 - 1, 2**31 - 1)}.items():
        body = b"IHDR" + struct.pack(">II", width, height) + with_header[24:29]
        (tmp_path / name).write_bytes(
            with_header[:12] + body + struct.pack(">I", zlib.crc32(body)) + with_header[33:]
        )
    reasons = {
        "empty.jpg": "empty file",
        "text.jpg": "not a picture",
        "cut.jpg": "damaged: .*truncated",
        "avif.png": "AVIF picture, which is not read",
        "pixel.png": "1 x 1 pixels",
        "strip.png": "19 x 4000 pixels, at least 20",
        "float.tif": "floating-point",
        "wide.tif": "32-bit pixels from 1048576 to 1048576",
        "below.tif": "32-bit pixels from -5",
        "dark.png": "16-bit pixels from 200 to 200, whose white is unknown",
        "twelve.png": "16-bit pixels from 0 to 4080, whose white is unknown",
        "program.jpg": "not a picture that is read",
        "large.png": "11001 x 10000 pixels, at most 110,000,000 are read: save it smaller",
        "huge.png": "more than 110,000,000 pixels: save it smaller",
        "gone.jpg": "cannot be read: No such file",
    }
    for name, reason in reasons.items():
        with pytest.raises(BadPicture, match=reason):
            read_picture(tmp_path / name)


def test_a_jpeg_of_many_scans_is_not_decoded(tmp_path):
    """Each takes as long as a picture, and a few bytes."""
    picture = Image.fromarray(RAMP).resize((64, 64)).convert("RGB")
    whole = saved(tmp_path, picture, "whole.jpg", progressive=True).read_bytes()
    last = whole[whole.rindex(b"\xff\xda") : -2]
    thumbnail = b"\xff\xe5" + struct.pack(">H", 2 + 3 * 500) + b"\xff\xda." * 500  # these are none
    for scans, content in ((50, thumbnail + whole[2:-2] + last * 50), (99, whole[2:-2] + last * 99)):
        path = tmp_path / f"{scans}.jpg"
        path.write_bytes(whole[:2] + content + whole[-2:] + last * 500)
        if scans < 90:
            assert read_picture(path).size == (64, 64)
        else:
            with pytest.raises(BadPicture, match="109 scans, at most 100 are read"):
                read_picture(path)


def test_a_decoder_may_fail_as_it_likes_and_says_nothing_that_a_terminal_obeys(tmp_path, monkeypatch):
    path = saved(tmp_path, Image.new("RGB", (32, 32)))
    for error, said in (
        (RuntimeError("\x1b[2J gone"), r"damaged: \x1b[2J gone"),
        (AssertionError(), "damaged: AssertionError"),
        (MemoryError(), "there is too little memory to decode it"),
    ):

        def load(self, error=error):
            raise error

        monkeypatch.setattr(PngImageFile, "load", load)
        with pytest.raises(BadPicture) as found:
            read_picture(path)
        assert str(found.value) == said


def test_of_large_pictures_one_is_in_use_at_a_time(tmp_path):
    for name in "abc":
        saved(tmp_path, Image.new("L", (4100, 4100)), f"{name}.png")
    inside, most = [], []

    def use(picture):
        inside.append(picture)
        most.append(len(inside))
        time.sleep(0.05)
        return inside.pop().size

    paths = [tmp_path / f"{name}.png" for name in "abc"]
    with ThreadPoolExecutor(3) as executor:
        assert list(executor.map(use_picture, paths, [use] * 3)) == [(4100, 4100)] * 3
    assert most == [1, 1, 1]
    (tmp_path / "c.png").write_bytes(b"")
    with pytest.raises(BadPicture, match="an empty file"):
        use_picture(tmp_path / "c.png", use)
    with pytest.raises(ZeroDivisionError):  # which is no fault of the picture's
        use_picture(tmp_path / "a.png", lambda picture: 1 / 0)
    assert use_picture(tmp_path / "b.png", use) == (4100, 4100)


def test_a_large_picture_takes_little_memory(tmp_path):
    """In a new process: sixteen bits became int64 and float64, 29 bytes a pixel."""
    side = 6000
    Image.fromarray(np.full((side, side), 2**15, np.uint16)).save(tmp_path / "a.png")
    lines = (
        "import sys",
        "from facetrial.data.photos.image_files import read_picture",
        "from tests.helpers.memory import most_memory_used",
        "before = most_memory_used()",
        "read_picture(sys.argv[1])",
        "print(most_memory_used() - before)",
    )
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(lines), tmp_path / "a.png"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert int(done.stdout) / side**2 < 12


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
