"""Photographs of people that are known again by their colours, and a search for these in all that files hold."""

import base64
import io
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from safetensors.torch import load

from facetrial.core.errors import FacetrialError
from facetrial.core.files import read_sealed

# Magenta and lime: in no chart of a report, and left of a face whatever its size, its noise and its compression.
_LEAST = 0.002  # share of a picture's pixels, of either colour
_SMALLEST = 16  # pixels
_BEGINNINGS = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")


def marked_people(folder: Path, people: int = 4, pictures: int = 12, side: int = 160) -> None:
    """One folder a person, in LFW's layout: blocks of magenta and lime, each person's in an order of its own."""
    for person in range(people):
        blocks = np.random.default_rng(person).random((6, 6)) < 0.5
        for number in range(pictures):
            generator = np.random.default_rng([person, number])
            inside = np.kron(blocks, np.ones((side // 6 + 1, side // 6 + 1), bool))[:side, :side]
            picture = np.where(inside[..., None], [235, 15, 235], [15, 235, 15])
            picture = np.clip(picture + generator.integers(-15, 16, picture.shape), 0, 255).astype(np.uint8)
            path = folder / f"Person_{person}" / f"Person_{person}_{number + 1:04}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(picture).save(path)


def files_with_faces(*folders: Path) -> list[str]:
    """The files below these folders that show a marked face: as a picture, within a page, an archive or an array."""
    files = (path for folder in folders for path in sorted(folder.rglob("*")) if path.is_file())
    return [path.name for path in files if any(_marked(picture) for picture in _pictures(path))]


def _pictures(path: Path) -> Iterator[np.ndarray]:
    """Every picture (H, W, 3) in [0, 1] that a file holds in any form."""
    try:
        content = read_sealed(path)
    except (FacetrialError, OSError):  # not one of ours
        content = path.read_bytes()
    if path.suffix in (".npy", ".npz"):
        loaded = np.load(io.BytesIO(content), allow_pickle=False)
        for array in [loaded] if path.suffix == ".npy" else loaded.values():
            yield from _in_array(array)
    elif path.suffix == ".safetensors":
        yield from _in_values(load(content))
    elif path.suffix == ".ckpt":
        yield from _in_values(torch.load(io.BytesIO(content), weights_only=False))
    yield from _in_bytes(content)
    for text in re.findall(rb"base64,([A-Za-z0-9+/=]+)", content):
        yield from _in_bytes(base64.b64decode(text))


def _in_bytes(content: bytes) -> Iterator[np.ndarray]:
    """Pictures of PNG and JPEG, wherever they begin."""
    for beginning in _BEGINNINGS:
        place = content.find(beginning)
        while place >= 0:
            try:
                with Image.open(io.BytesIO(content[place:])) as picture:
                    yield np.asarray(picture.convert("RGB")) / 255
            except (OSError, ValueError):  # bytes that only look like a beginning
                pass
            place = content.find(beginning, place + 1)


def _in_values(value: object) -> Iterator[np.ndarray]:
    if isinstance(value, torch.Tensor):
        yield from _in_array(value.float().numpy())
    elif isinstance(value, np.ndarray):
        yield from _in_array(value)
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _in_values(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _in_values(inner)


def _in_array(array: np.ndarray) -> Iterator[np.ndarray]:
    """The last three dimensions as pictures, where they can be: (H, W, 3) or (3, H, W)."""
    if array.ndim < 3 or not np.issubdtype(array.dtype, np.number):
        return
    for picture in array.reshape(-1, *array.shape[-3:]):
        turned = picture.transpose(1, 2, 0) if picture.shape[0] == 3 else picture
        if turned.shape[-1] == 3 and min(turned.shape[:2]) >= _SMALLEST:
            yield turned / (255 if turned.dtype == np.uint8 else 1)


def _marked(picture: np.ndarray) -> bool:
    red, green, blue = np.moveaxis(picture, -1, 0)
    magenta = (red - green > 0.4) & (blue - green > 0.4)
    lime = (green - red > 0.4) & (green - blue > 0.4)
    return bool(min(magenta.mean(), lime.mean()) >= _LEAST)
