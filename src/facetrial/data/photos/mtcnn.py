"""Detection: one face of each picture, the most central or the largest, by MTCNN.

Zhang et al., "Joint Face Detection and Alignment using Multi-task Cascaded Convolutional Networks", 2016,
with the weights that facenet-pytorch ships.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib.metadata import version
from itertools import groupby

import numpy as np
import torch
from facenet_pytorch import MTCNN
from PIL import Image

# The smallest face searched for in LFW, as a share of the picture's shorter side. LFW's faces take 0.26 and more.
SMALLEST_FACE = 0.16
THRESHOLDS = (0.6, 0.7, 0.7)
PYRAMID_FACTOR = 0.709
_BATCH = 8  # fits the processor's cache: faster than larger batches
_BATCH_PIXELS = 2**24  # of large pictures fewer go together: a pixel takes 18 bytes
_LONGEST = 4096
_VERSION = version("facenet-pytorch")


@dataclass(frozen=True)
class Search:
    """Which face of a picture is taken, and how it is looked for.

    Attributes:
        face: of several, "central" takes the one nearest the picture's middle, "largest" the largest.
        smallest: side of the smallest face that is looked for, as a share of the picture's shorter side.
        longest: pictures with a longer side are shrunk to it for the search; None shrinks those above 4096.
    """

    face: str = "central"
    smallest: float = SMALLEST_FACE
    longest: int | None = None

    @property
    def settings(self) -> str:
        """What detections depend on, besides the picture."""
        parts = [f"mtcnn {_VERSION} smallest {self.smallest} thresholds {THRESHOLDS} factor {PYRAMID_FACTOR}"]
        if self.face != "central":
            parts.append(f"face {self.face}")
        if self.longest is not None:
            parts.append(f"longest {self.longest}")
        return " ".join(parts)

    def shrunk(self, picture: Image.Image) -> tuple[Image.Image, float]:
        """A picture that is small enough to be searched, and by how much the one given is larger."""
        scale = max(picture.size) / (self.longest or _LONGEST)
        if scale <= 1.0:
            return picture, 1.0
        width, height = (max(1, round(side / scale)) for side in picture.size)
        return picture.resize((width, height), Image.Resampling.BILINEAR, reducing_gap=2.0), scale


@dataclass
class Detections:
    """What is known of N pictures.

    Attributes:
        boxes: float32 (N, 4), in pixels of the picture; NaN where no face was found.
        points: float32 (N, 5, 2), MTCNN's five points; NaN where no face was found.
        problems: N reasons why a picture cannot be read; "" for those that can.
        counts: int64 (N,), faces at least half as wide as the one that was taken, itself among them; -1 where the
            cache was filled before faces were counted.
    """

    boxes: np.ndarray
    points: np.ndarray
    problems: list[str]
    counts: np.ndarray

    @property
    def found(self) -> np.ndarray:
        """bool (N,): a face was found."""
        return ~np.isnan(self.boxes[:, 0])

    def select(self, rows: list[int]) -> "Detections":
        """What is known of the pictures at `rows`."""
        return Detections(
            self.boxes[rows], self.points[rows], [self.problems[row] for row in rows], self.counts[rows]
        )


def find_in(pictures: list[Image.Image], search: Search) -> Detections:
    """One face of each picture, by MTCNN; nothing is remembered.

    Args:
        pictures: N, in mode "RGB".
        search: which face is taken.
    """
    found = nothing_found(len(pictures))
    shrunk = ((row, *search.shrunk(picture)) for row, picture in enumerate(pictures))
    detect_each(shrunk, found, new_detector(), lambda count: None, search)
    return found


def new_detector() -> MTCNN:
    # Building a network draws from torch's generator, which must not depend on what was cached.
    with torch.random.fork_rng(devices=[]):
        return MTCNN(thresholds=list(THRESHOLDS), factor=PYRAMID_FACTOR, select_largest=False)


def nothing_found(count: int) -> Detections:
    return Detections(
        np.full((count, 4), np.nan, np.float32),
        np.full((count, 5, 2), np.nan, np.float32),
        [""] * count,
        np.zeros(count, np.int64),
    )


def detect_each(
    pictures: Iterable[tuple[int, Image.Image, float]],
    found: Detections,
    detector: MTCNN,
    advance: Callable[[int], None],
    search: Search,
) -> None:
    """Fills in what is found in pictures, each with its row and as `Search.shrunk` gives it, in place."""
    # Only pictures of one size go through MTCNN together.
    for (width, height), same_size in groupby(pictures, key=lambda item: item[1].size):
        together = max(1, min(_BATCH, _BATCH_PIXELS // (width * height)))
        while batch := [item for _, item in zip(range(together), same_size, strict=False)]:
            rows = [row for row, _, _ in batch]
            pixels = np.stack([np.asarray(picture) for _, picture, _ in batch])
            boxes, points, found.counts[rows] = one_face_each(pixels, detector, search)
            scales = np.array([scale for _, _, scale in batch], np.float32)
            found.boxes[rows], found.points[rows] = boxes * scales[:, None], points * scales[:, None, None]
            advance(len(batch))


def one_face_each(
    pictures: np.ndarray, detector: MTCNN, search: Search
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Box (B, 4), five points (B, 5, 2) and `Detections.counts` (B,) of each picture's face; NaN where there is none.

    Args:
        pictures: uint8 (B, H, W, 3), RGB.
        detector: facenet-pytorch's MTCNN; its `min_face_size` is set.
        search: which face is taken.
    """
    height, width = pictures.shape[1:3]
    detector.min_face_size = max(20, round(search.smallest * min(height, width)))
    boxes = np.full((len(pictures), 4), np.nan, np.float32)
    points = np.full((len(pictures), 5, 2), np.nan, np.float32)
    counts = np.zeros(len(pictures), np.int64)
    # facenet-pytorch fails where no face fits, as in a strip; as it computes that, rounded, 47 of 47 pixels do not.
    if min(height, width) * (12.0 / detector.min_face_size) < 12:
        return boxes, points, counts
    with torch.inference_mode():
        found_boxes, _, found_points = detector.detect(pictures, landmarks=True)
    for row, found in enumerate(found_boxes):
        if found is None:
            continue
        found = np.asarray(found, np.float32)
        widths = found[:, 2] - found[:, 0]
        middles = (found[:, :2] + found[:, 2:]) / 2
        away = np.square(middles - [width / 2, height / 2]).sum(1)
        taken = (
            np.argmin(away) if search.face == "central" else np.argmax(widths * (found[:, 3] - found[:, 1]))
        )
        boxes[row] = found[taken]
        points[row] = np.asarray(found_points[row], np.float32)[taken]
        counts[row] = int((widths >= widths[taken] / 2).sum())
    return boxes, points, counts
