"""Picture files as people leave them: read to 8-bit RGB, or refused with a reason."""

import contextlib
import mmap
import re
import threading
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from PIL import Image, UnidentifiedImageError, _imaging

from facetrial.core.digests import digest
from facetrial.core.errors import visible

T = TypeVar("T")

SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".bmp", ".webp", ".tif", ".tiff", ".gif", ".pgm", ".ppm"}
)
# Pictures all the same, which Pillow reads not at all, or not everywhere, or whose pixels have no known range.
UNREAD_SUFFIXES = frozenset(
    {".heic", ".heif", ".hif", ".avif", ".jxl", ".jp2", ".j2k", ".dng", ".cr2", ".cr3", ".nef", ".arw"}
    | {".psd", ".tga", ".svg", ".exr", ".hdr", ".pfm", ".apng"}
)
# What a file may be, whatever it is called: some others of Pillow's formats start programs, or unpack what they hold.
_FORMATS = ("JPEG", "PNG", "BMP", "WEBP", "TIFF", "GIF", "PPM")
# What a file says of itself in its bytes 4 to 12, whatever it is called.
_HEIC_BRANDS = frozenset({b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1"})
_AVIF_BRANDS = frozenset({b"avif", b"avis"})
_BEGINNINGS = (b"\xff\xd8\xff", b"\x89PNG", b"GIF8", b"II*\0", b"MM\0*")
# MTCNN's smallest face is 12 pixels; below this side a picture cannot hold one that could be recognised.
SMALLEST_SIDE = 20
# The 108 megapixels of a phone fit. They take a gigabyte: of those above `_MANY` one is in use at a time.
MOST_PIXELS = 110_000_000
_MANY = 2**24
_one_large = threading.RLock()
_MOST_SCANS = (
    100  # of a JPEG; programs write ten, and a few bytes make one that takes as long as a whole picture
)
_MARKER = re.compile(
    rb"\xff[^\x00\x01\xd0-\xd8\xff]", re.DOTALL
)  # of a part that says its length, or the end
_SCAN, _JPEG_ENDS = b"\xff\xda", b"\xff\xd9"
_BAND = 2**22  # pixels that are converted at a time
_ORIENTATION, _BITS = 0x0112, 258  # tags of EXIF and TIFF
# What cameras of 10 or 12 bits leave in files of 16 would be black to whoever takes 65535 for white.
_WHITE_OF_12_BITS = 4095
_UPRIGHT = dict(
    zip(
        range(2, 9),
        (
            Image.Transpose.FLIP_LEFT_RIGHT,
            Image.Transpose.ROTATE_180,
            Image.Transpose.FLIP_TOP_BOTTOM,
            Image.Transpose.TRANSPOSE,
            Image.Transpose.ROTATE_270,
            Image.Transpose.TRANSVERSE,
            Image.Transpose.ROTATE_90,
        ),
        strict=True,
    )
)


# What Pillow has to say of odd files is said by BadPicture. Once for the process: threads share the filters.
warnings.filterwarnings("ignore", module=r"PIL\.")


# Blocks that are so large go back to the system when a picture is gone; Pillow's own, of 16 MiB, stay with the thread
# that had them, and every thread would come to hold the memory of a large picture.
_imaging.set_block_size(2**26)


class BadPicture(Exception):
    """A picture that cannot be used; its text is the reason, without the path."""


class NotReadNow(BadPicture):
    """A picture that memory or disk did not give this time, and may give the next."""


def use_picture(path: Path, use: Callable[[Image.Image], T]) -> T:
    """What `use` makes of a picture that `read_picture` gives; of large ones one is in use at a time in all threads."""
    with contextlib.ExitStack() as turn:
        return use(read_picture(path, turn))


def read_picture(path: str | Path, turn: contextlib.ExitStack | None = None) -> Image.Image:
    """A picture in Pillow's mode "RGB", turned upright where its EXIF says so.

    Grey is repeated over the channels, 16 bits are scaled to 8 (65535 becomes 255), palettes are looked up
    and what is transparent lies on black. Of several pictures in a file, such as those of an animation, it is the
    first. It takes at most a gigabyte of memory, and nothing of a size that is refused is decoded.

    Args:
        path: the file.
        turn: what keeps others from reading a large picture until it is closed; None keeps them while it is decoded.

    Raises:
        BadPicture: not a picture, damaged, with pixels that have no known range, with a side below 20
            pixels, with more than 110 million of them (WebP and CMYK: 55), or a JPEG of more than 100 scans.
        NotReadNow: what failed is memory, or the disk.
    """
    try:
        with contextlib.ExitStack() as own, Image.open(path, formats=_FORMATS) as opened:
            # WebP's decoder holds four copies, and a fourth colour takes as much as the others.
            heavy = opened.format == "WEBP" or opened.mode == "CMYK"
            _check_size(*opened.size, MOST_PIXELS // 2 if heavy else MOST_PIXELS)
            if opened.format in ("JPEG", "MPO"):
                with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as jpeg:
                    _check_scans(jpeg)
            if opened.width * opened.height > _MANY:
                (turn or own).enter_context(_one_large)
            opened.load()
            upright = _UPRIGHT.get(opened.getexif().get(_ORIENTATION, 1))
            picture = _to_rgb(opened)
            return picture if upright is None else picture.transpose(upright)
    except BadPicture:
        raise
    except UnidentifiedImageError as error:
        raise BadPicture(_what_it_is_instead(Path(path))) from error
    except Image.DecompressionBombError as error:
        raise BadPicture(f"more than {MOST_PIXELS:,} pixels: save it smaller") from error
    except MemoryError as error:
        raise NotReadNow("there is too little memory to decode it") from error
    except Exception as error:  # a decoder's on a file that it was not made for may be of any kind
        if isinstance(error, OSError) and error.errno is not None:  # the system's, and not Pillow's
            raise NotReadNow(f"cannot be read: {_reason(error)}") from error
        raise BadPicture(f"damaged: {_reason(error)}") from error


def begins_as_picture(path: Path) -> bool:
    """Whether a file's first bytes are those of a picture, whatever it is called."""
    try:
        with path.open("rb") as file:
            start = file.read(12)
    except OSError:
        return False
    webp = start[:4] == b"RIFF" and start[8:] == b"WEBP"
    phones = start[4:8] == b"ftyp" and start[8:] in _HEIC_BRANDS | _AVIF_BRANDS
    return webp or phones or start.startswith(_BEGINNINGS)


def _check_size(width: int, height: int, most: int) -> None:
    if min(width, height) < SMALLEST_SIDE:
        raise BadPicture(f"{width} x {height} pixels, at least {SMALLEST_SIDE} on each side are needed")
    if width * height > most:
        raise BadPicture(f"{width} x {height} pixels, at most {most:,} are read: save it smaller")


def _check_scans(jpeg: mmap.mmap) -> None:
    """Raises BadPicture where a JPEG goes over the picture so often that it would take minutes."""
    scans, at = 0, 2
    while (found := _MARKER.search(jpeg, at)) and found[0] != _JPEG_ENDS:
        scans += found[0] == _SCAN
        at = found.end() + int.from_bytes(jpeg[found.end() : found.end() + 2], "big")
    if scans > _MOST_SCANS:
        raise BadPicture(f"{scans} scans, at most {_MOST_SCANS} are read: save it again")


def _what_it_is_instead(path: Path) -> str:
    with path.open("rb") as file:
        start = file.read(12)
    if not start:
        return "an empty file"
    for kind, brands in (("a HEIC", _HEIC_BRANDS), ("an AVIF", _AVIF_BRANDS)):
        if start[4:8] == b"ftyp" and start[8:] in brands:
            return f"{kind} picture, which is not read: save it as JPEG"
    return f"not a picture that is read ({', '.join(_FORMATS)})"


def _reason(error: Exception) -> str:
    said = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return visible(said)[:200] or type(error).__name__


def _to_rgb(picture: Image.Image) -> Image.Image:
    if picture.mode == "RGB":
        return picture
    if picture.mode == "F":
        raise BadPicture("floating-point pixels, whose range is unknown; 8 or 16 bits are expected")
    white = _white(picture) if picture.mode.startswith("I") else 255
    found = Image.new("RGB", picture.size)
    for top, band in _bands(picture):
        if picture.mode.startswith("I"):
            values = np.rint(np.asarray(band) / (white / 255))
            found.paste(Image.fromarray(values.astype(np.uint8)), (0, top))
        elif picture.has_transparency_data:
            band = band.convert("RGBA")
            found.paste(band.convert("RGB"), (0, top), mask=band.getchannel("A"))
        else:
            found.paste(band.convert("RGB"), (0, top))
    return found


def _bands(picture: Image.Image) -> Iterator[tuple[int, Image.Image]]:
    """A picture from top to bottom, so that what is made of it takes little memory at a time."""
    width, height = picture.size
    rows = max(1, _BAND // width)
    for top in range(0, height, rows):
        yield top, picture.crop((0, top, width, min(top + rows, height)))


def _white(picture: Image.Image) -> int:
    """The value of white in a grey picture of more than 8 bits."""
    ends = [(values.min(), values.max()) for _, band in _bands(picture) for values in [np.asarray(band)]]
    low, high = min(low for low, _ in ends), max(high for _, high in ends)
    if getattr(picture, "tag_v2", {}).get(_BITS) == (12,):
        return _WHITE_OF_12_BITS
    if low < 0 or not _WHITE_OF_12_BITS < high <= 65535:
        bits = 16 if picture.mode.startswith("I;16") else 32
        raise BadPicture(
            f"{bits}-bit pixels from {low} to {high}, whose white is unknown: save it with 8 bits, or with 16 of "
            "which 65535 is white"
        )
    return 65535


def content_digests(paths: list[Path]) -> list[str]:
    """A name for each file's content, equal where two files are equal; "" where a file cannot be opened."""

    def content(path: Path) -> str:
        try:
            with path.open("rb") as file:  # part by part: a file that is called a picture may be of any size
                return digest(iter(lambda: file.read(2**20), b""), size=16)
        except OSError:
            return ""

    with ThreadPoolExecutor(num_workers()) as executor:
        return list(executor.map(content, paths, chunksize=64))


def num_workers() -> int:
    """Threads to prepare pictures with: as many as torch computes with."""
    return torch.get_num_threads()
