"""Malformed pictures: each of a folder is used or counted among what is left out, and the good ones stay."""

import io
import struct
import zlib
from collections import Counter
from pathlib import Path

import numpy as np
from PIL import Image

from facetrial.data.people_folder import PeopleFolder
from tests.helpers.photographs import draw_people
from tests.robustness.mutations import chosen, spoilt

A_FOLDER = 20  # pictures that are tried together
GOOD = 3
ENDINGS = ("jpg", "jpeg", "png", "gif", "webp", "tif", "bmp", "ppm", "pgm")


def try_folder(rng: np.random.Generator, folder: Path, count: int) -> Counter:
    """Puts `count` malformed pictures among good ones; how many were used, and how many left out."""
    root = draw_people(folder / "people", {"Ann": GOOD})
    names = {f"Ann/{number:03d}.{chosen(rng, ENDINGS)}" for number in range(count)}
    for name in names:
        (root / name).write_bytes(malformed(rng))
    alignment = str(chosen(rng, ("facenet", "five_points")))
    data = PeopleFolder(str(root), 32, alignment, str(folder / "cache"), on_no_face="centre")
    faces = data.all_faces
    used, left_out = set(faces.files), set(data.bad_pictures)
    assert not used & left_out
    assert used | left_out == names | {f"Ann/Ann_{number:04d}.jpg" for number in range(1, GOOD + 1)}
    assert all(reason.isprintable() and reason for reason in data.bad_pictures.values())
    assert {f"Ann/Ann_{number:04d}.jpg" for number in range(1, GOOD + 1)} <= used
    assert len(faces.pixels) == len(used)
    return Counter(used=len(used & names), named=len(left_out & names))


def malformed(rng: np.random.Generator) -> bytes:
    """The bytes of a picture that something is the matter with; now and then it is only unusual."""
    make = chosen(rng, (*[_spoilt_picture] * 6, _unusual, _png_that_claims, _gif_that_claims, _no_picture))
    return make(rng)


def _spoilt_picture(rng: np.random.Generator) -> bytes:
    content = spoilt(saved(rng), rng)
    return (
        _with_right_checksums(content) if content.startswith(b"\x89PNG") and rng.random() < 0.7 else content
    )


def saved(rng: np.random.Generator) -> bytes:
    """A whole picture of random content, in one of many kinds of file."""
    side = int(chosen(rng, (24, 48, 64, 130)))
    pixels = rng.integers(0, 256, (4, 4, 3), dtype=np.uint8)
    picture = Image.fromarray(pixels).resize((side, side + 7), Image.Resampling.BICUBIC)
    other = picture.transpose(Image.Transpose.ROTATE_180)
    deep = np.asarray(picture.convert("L")).astype(np.uint16) * 257
    exif = Image.Exif()
    exif[0x0112] = int(rng.integers(1, 9))
    kinds = (
        lambda file: picture.save(file, "JPEG"),
        lambda file: picture.save(file, "JPEG", progressive=True, exif=exif),
        lambda file: picture.convert("CMYK").save(file, "JPEG"),
        lambda file: picture.convert("L").save(file, "JPEG", restart_marker_rows=1),
        lambda file: picture.save(file, "PNG", exif=exif),
        lambda file: picture.convert("P").save(file, "PNG", transparency=3),
        lambda file: picture.convert("LA").save(file, "PNG"),
        lambda file: picture.convert("RGBA").save(file, "PNG", save_all=True, append_images=[other]),
        lambda file: Image.fromarray(deep).save(file, "PNG"),
        lambda file: picture.save(file, "GIF", save_all=True, append_images=[other], transparency=1),
        lambda file: picture.save(file, "WEBP"),
        lambda file: picture.convert("RGBA").save(
            file, "WEBP", lossless=True, save_all=True, append_images=[other]
        ),
        lambda file: picture.save(file, "TIFF"),
        lambda file: picture.save(file, "TIFF", compression="tiff_lzw", save_all=True, append_images=[other]),
        lambda file: picture.save(file, "TIFF", compression="jpeg"),
        lambda file: picture.convert("1").save(file, "TIFF", compression="group4"),
        lambda file: Image.fromarray(deep).save(file, "TIFF", compression="tiff_adobe_deflate", exif=exif),
        lambda file: picture.convert("F").save(file, "TIFF"),
        lambda file: picture.convert("I").save(file, "TIFF"),
        lambda file: picture.convert("LAB").save(file, "TIFF"),
        lambda file: picture.save(file, "BMP"),
        lambda file: picture.convert("P").save(file, "BMP"),
        lambda file: picture.save(file, "PPM"),
        lambda file: Image.fromarray(deep).save(file, "PPM"),
    )
    file = io.BytesIO()
    chosen(rng, kinds)(file)
    return file.getvalue()


def _unusual(rng: np.random.Generator) -> bytes:
    """Whole, and of a form that few pictures have: a strip, a point, a large plain field."""
    size = chosen(
        rng,
        (
            (1, 1),
            (1, 3000),
            (20, 20),
            (19, 500),
            (20, 9000),
            (9000, 20),
            (21, 2000),
            (1200, 23),
            (4000, 4000),
        ),
    )
    picture = Image.new(str(chosen(rng, ("RGB", "L", "RGBA", "P", "1", "I;16"))), size)
    file = io.BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()


def _with_right_checksums(content: bytes) -> bytes:
    """A PNG whose chunks say what they are, so that a decoder goes on to what was spoilt."""
    made, at = content[:8], 8
    while at + 12 <= len(content):
        length = int.from_bytes(content[at : at + 4], "big")
        body = content[at + 4 : at + 8 + length]
        made += content[at : at + 4] + body + struct.pack(">I", zlib.crc32(body))
        at += 12 + length
    return made + content[at:]


def _png_that_claims(rng: np.random.Generator) -> bytes:
    """A few bytes that say that they are of any size."""
    width, height = (int(2 ** rng.uniform(0, 31)) for _ in range(2))
    depth, colour = chosen(rng, ((8, 0), (8, 2), (8, 6), (16, 0), (16, 2), (16, 6), (1, 0), (8, 3)))
    body = b"IHDR" + struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, int(rng.integers(2)))
    data = b"IDAT" + zlib.compress(bytes(int(rng.integers(0, 2**22))))
    chunks = b"".join(struct.pack(">I", len(one) - 4) + one + bytes(4) for one in (body, data, b"IEND"))
    return _with_right_checksums(b"\x89PNG\r\n\x1a\n" + chunks)


def _gif_that_claims(rng: np.random.Generator) -> bytes:
    file = io.BytesIO()
    Image.new("L", (24, 24)).save(file, "GIF")
    content = bytearray(file.getvalue())
    content[6:10] = struct.pack("<HH", *(int(2 ** rng.uniform(0, 16)) for _ in range(2)))
    return bytes(content)


def _no_picture(rng: np.random.Generator) -> bytes:
    return chosen(
        rng,
        (
            b"",
            b"\0",
            rng.bytes(500),
            b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 32 32\nshowpage\n" + rng.bytes(4),
            b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>" + rng.bytes(4),
            b"\x80\x04\x95" + rng.bytes(60),
            b"PK\3\4" + rng.bytes(60),
            b"\0\0\0\x18ftypheic" + rng.bytes(60),
        ),
    )
