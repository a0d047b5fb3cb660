"""Picture files as people leave them: read to 8-bit RGB, or refused with a reason."""

import struct
import warnings
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps, UnidentifiedImageError

from facetrial.core.digests import digest

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff"})
# Pictures all the same, which Pillow reads not at all, or not everywhere.
UNREAD_SUFFIXES = frozenset(
    {".heic", ".heif", ".hif", ".avif", ".gif", ".jxl", ".dng", ".cr2", ".cr3", ".nef", ".arw"}
)
# What a phone's HEIC file says of itself, whatever it is called.
_HEIC_BRANDS = frozenset({b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1"})
# MTCNN's smallest face is 12 pixels; below this side a picture cannot hold one that could be recognised.
SMALLEST_SIDE = 20


# What Pillow has to say of odd files is said by BadPicture. Once for the process: threads share the filters.
warnings.filterwarnings("ignore", module=r"PIL\.")


_DECODING_ERRORS = (
    OSError,
    ValueError,
    TypeError,
    SyntaxError,
    EOFError,
    IndexError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
)


class BadPicture(Exception):
    """A picture that cannot be used; its text is the reason, without the path."""


def read_picture(path: str | Path) -> Image.Image:
    """A picture in Pillow's mode "RGB", turned upright where its EXIF says so.

    Grey is repeated over the channels, 16 bits are scaled to 8 (65535 becomes 255), palettes are looked up
    and what is transparent lies on black.

    Raises:
        BadPicture: not a picture, damaged, with pixels that have no known range, or with a side below 20
            pixels.
    """
    try:
        with Image.open(path) as opened:
            opened.load()
            picture = _to_rgb(ImageOps.exif_transpose(opened))
    except UnidentifiedImageError as error:
        raise BadPicture(_what_it_is_instead(Path(path))) from error
    except _DECODING_ERRORS as error:
        raise BadPicture(f"damaged: {_reason(error)}") from error
    if min(picture.size) < SMALLEST_SIDE:
        width, height = picture.size
        raise BadPicture(f"{width} x {height} pixels, at least {SMALLEST_SIDE} on each side are needed")
    return picture


def _what_it_is_instead(path: Path) -> str:
    with path.open("rb") as file:
        start = file.read(12)
    if not start:
        return "an empty file"
    if start[4:8] == b"ftyp" and start[8:] in _HEIC_BRANDS:
        return "a HEIC picture, which is not read: save it as JPEG"
    return "not a picture that Pillow can read"


def _reason(error: Exception) -> str:
    return error.strerror if isinstance(error, OSError) and error.strerror else str(error)


def _to_rgb(picture: Image.Image) -> Image.Image:
    if picture.mode == "RGB":
        return picture
    if picture.mode.startswith("I"):
        values = np.asarray(picture).astype(np.int64)
        if values.min() < 0 or values.max() > 65535:
            raise BadPicture(
                f"32-bit pixels from {values.min()} to {values.max()}; 8 or 16 bits are expected"
            )
        return Image.fromarray(np.rint(values / 257).astype(np.uint8)).convert("RGB")
    if picture.mode == "F":
        raise BadPicture("floating-point pixels, whose range is unknown; 8 or 16 bits are expected")
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", picture.size, (0, 0, 0, 255)), picture).convert("RGB")
    return picture.convert("RGB")


def content_digests(paths: list[Path]) -> list[str]:
    """A name for each file's content, equal where two files are equal; "" where a file cannot be opened."""

    def content(path: Path) -> str:
        try:
            return digest(path.read_bytes(), size=16)
        except OSError:
            return ""

    with ThreadPoolExecutor(num_workers()) as executor:
        return list(executor.map(content, paths, chunksize=64))


def num_workers() -> int:
    """Threads to prepare pictures with: as many as torch computes with."""
    return torch.get_num_threads()
