"""Portraits of invented people, drawn in plain tensor operations, with exact landmarks.

Shapes are signed distances with edges a pixel wide, laid over each other from back to front, then lit, blurred and
grained. What a picture looks like depends on (seed, person, picture), never on what is drawn beside it.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor

from facetrial.core.errors import FacetrialError
from facetrial.core.randomness import Draws
from facetrial.data.rendering.canvas import Canvas
from facetrial.data.rendering.conditions import Conditions, draw_conditions
from facetrial.data.rendering.face_model import Camera, FaceModel
from facetrial.data.rendering.features import draw_features
from facetrial.data.rendering.head import draw_background, draw_head
from facetrial.data.rendering.identities import People, draw_people

_CHUNK = 32  # pictures drawn at once: their planes stay in the processor's cache
_CHUNK_ON_DEVICE = 512
_SMALLEST = 32
_GRAIN_SIZE = 320


@dataclass
class Portraits:
    """B drawn pictures.

    Attributes:
        images: float32 (B, 3, size, size), RGB in [0, 1].
        identities: int64 (B,), the persons' numbers.
        landmarks: float32 (B, 15, 2), pixels, in the order of LANDMARK_NAMES; none is ever unknown.
        ears: float32 (B, 2, 2), pixels, the subject's left ear, then the right; hair may cover them.
    """

    images: Tensor
    identities: Tensor
    landmarks: Tensor
    ears: Tensor


def render(seed: int, persons: Tensor, pictures: Tensor, size: int) -> Portraits:
    """Draws picture `pictures[i]` of person `persons[i]`.

    Args:
        seed: of the population: who its people are.
        persons, pictures: int64 (B,), not negative, below 2^31 and 2^24. Drawn on their device.
        size: width and height in pixels, at least 32.

    Raises:
        FacetrialError: the size is too small, or persons and pictures do not pair up.
    """
    if size < _SMALLEST:
        raise FacetrialError(f"a synthetic face needs a size of at least {_SMALLEST} pixels, found {size}.")
    if persons.shape != pictures.shape or persons.ndim != 1:
        raise FacetrialError(
            f"persons and pictures must be of one shape (B,), found {tuple(persons.shape)}, {tuple(pictures.shape)}."
        )
    drawn = Portraits(
        torch.empty(len(persons), 3, size, size, device=persons.device),
        persons,
        torch.empty(len(persons), 15, 2, device=persons.device),
        torch.empty(len(persons), 2, 2, device=persons.device),
    )
    people, conditions = draw_people(seed, persons), draw_conditions(seed, persons, pictures)
    chunk = _CHUNK if persons.device.type == "cpu" else _CHUNK_ON_DEVICE
    chunks = [slice(start, start + chunk) for start in range(0, len(persons), chunk)]
    _grain_sheet(seed, size + _GRAIN_SIZE, persons.device)  # once, before threads ask for it

    def draw(rows: slice) -> None:
        _render_chunk(seed, rows, people, conditions, drawn)

    if persons.device.type == "cpu" and len(chunks) > 1 and torch.get_num_threads() > 1:
        _on_all_cores(draw, chunks)
    else:
        for rows in chunks:
            draw(rows)
    return drawn


def _on_all_cores(draw: Callable[[slice], None], chunks: list[slice]) -> None:
    """A thread for each of torch's threads, every operation on one of them.

    The operations are many and small: splitting each over the cores would cost more in waiting than it gains.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(draw, chunks))
    finally:
        torch.set_num_threads(threads)


def _render_chunk(seed: int, rows: slice, people: People, conditions: Conditions, drawn: Portraits) -> None:
    people, conditions = people.select(rows), conditions.select(rows)
    size = drawn.images.shape[-1]
    camera = Camera(conditions, size)
    face = FaceModel(people, camera)
    canvas = Canvas(drawn.images[rows])
    draw_background(canvas, conditions)
    draw_head(canvas, face, lambda head: draw_features(canvas, face, head))
    image = canvas.image
    image *= conditions.tint[:, :, None, None]
    for dimension in (2, 3):
        _blur(image, conditions.blur, dimension)
    image += _grain(seed, conditions.grain, size).mul_(conditions.noise[:, None, None, None])
    image.clamp_(0.0, 1.0)
    drawn.landmarks[rows] = face.landmarks()
    drawn.ears[rows] = face.ear_points()


def _blur(image: Tensor, weight: Tensor, dimension: int) -> None:
    """Mixes each pixel with its two neighbours along a dimension; the border keeps its value."""
    length = image.shape[dimension]
    before, middle, after = (image.narrow(dimension, start, length - 2) for start in range(3))
    middle += (before + after).sub_(middle, alpha=2.0).mul_(weight[:, None, None, None])


@lru_cache(maxsize=4)
def _grain_sheet(seed: int, size: int, device: torch.device) -> Tensor:
    """float32 (3, size, size), standard normal: the sheet that the grain of every picture is cut from."""
    draws = Draws(seed, torch.zeros(1, dtype=torch.int64, device=device))
    return draws.normal((3, size, size), "grain")[0]


def _grain(seed: int, place: Tensor, size: int) -> Tensor:
    """Noise (B, 3, size, size), cut at `place` (B, 2) in (0, 1)."""
    sheet = _grain_sheet(seed, size + _GRAIN_SIZE, place.device)
    corners = (place * _GRAIN_SIZE).long().tolist()
    return torch.stack([sheet[:, top : top + size, left : left + size] for left, top in corners])
