"""Detection: one face of each picture, the most central or the largest, by one of the detectors."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import Literal, Protocol

import numpy as np
from PIL import Image

from facetrial.data.photos import centerface, mtcnn

# The smallest face searched for in LFW, as a share of the picture's shorter side. LFW's faces take 0.26 and more.
SMALLEST_FACE = 0.16
_BATCH = 8  # fits the processor's cache: faster than larger batches
_BATCH_PIXELS = 2**24  # of large pictures fewer go together: a pixel takes 18 bytes
_LONGEST = 4096

DetectorName = Literal["mtcnn", "centerface"]


class Detector(Protocol):
    """What finds faces in pictures."""

    def find(self, pictures: np.ndarray, smallest: int) -> list[tuple[np.ndarray, np.ndarray]]:
        """The faces of each picture: boxes float32 (F, 4), and five points (F, 5, 2), both in pixels.

        Points are those of MTCNN, in its order and coordinates: the centre of the first pixel is (1, 1). Edges of boxes
        lie between pixels: (0, 0, width, height) is the whole picture.

        Args:
            pictures: uint8 (B, H, W, 3), RGB.
            smallest: side of the smallest face that is looked for, in pixels.
        """
        ...


@dataclass(frozen=True)
class Search:
    """Which face of a picture is taken, and how it is looked for.

    Attributes:
        face: of several, "central" takes the one nearest the picture's middle, "largest" the largest.
        smallest: side of the smallest face that is looked for, as a share of the picture's shorter side.
        longest: pictures with a longer side are shrunk to it for the search; None shrinks those above 4096.
        detector: what finds faces.
    """

    face: str = "central"
    smallest: float = SMALLEST_FACE
    longest: int | None = None
    detector: DetectorName = "mtcnn"

    @property
    def settings(self) -> str:
        """What detections depend on, besides the picture."""
        by = mtcnn if self.detector == "mtcnn" else centerface
        parts = [f"{by.NAME} smallest {self.smallest} {by.SETTINGS}"]
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
        points: float32 (N, 5, 2), five points as `Detector.find` has them; NaN where no face was found.
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
    """One face of each picture; nothing is remembered.

    Args:
        pictures: N, in mode "RGB".
        search: which face is taken.
    """
    found = nothing_found(len(pictures))
    shrunk = ((row, *search.shrunk(picture)) for row, picture in enumerate(pictures))
    detect_each(shrunk, found, new_detector(search), lambda count: None, search)
    return found


def new_detector(search: Search) -> Detector:
    """Raises FacetrialError where it lacks a package or its weights."""
    return mtcnn.Mtcnn() if search.detector == "mtcnn" else centerface.CenterFace()


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
    detector: Detector,
    advance: Callable[[int], None],
    search: Search,
) -> None:
    """Fills in what is found in pictures, each with its row and as `Search.shrunk` gives it, in place."""
    # Only pictures of one size go through a network together.
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
    pictures: np.ndarray, detector: Detector, search: Search
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Box (B, 4), five points (B, 5, 2) and `Detections.counts` (B,) of each picture's face; NaN where there is none.

    Args:
        pictures: uint8 (B, H, W, 3), RGB.
        detector: finds all faces.
        search: which face is taken.
    """
    height, width = pictures.shape[1:3]
    boxes = np.full((len(pictures), 4), np.nan, np.float32)
    points = np.full((len(pictures), 5, 2), np.nan, np.float32)
    counts = np.zeros(len(pictures), np.int64)
    smallest = round(search.smallest * min(height, width))
    for row, (found, found_points) in enumerate(detector.find(pictures, smallest)):
        if not len(found):
            continue
        widths = found[:, 2] - found[:, 0]
        middles = (found[:, :2] + found[:, 2:]) / 2
        away = np.square(middles - [width / 2, height / 2]).sum(1)
        taken = (
            np.argmin(away) if search.face == "central" else np.argmax(widths * (found[:, 3] - found[:, 1]))
        )
        boxes[row] = found[taken]
        points[row] = found_points[taken]
        counts[row] = int((widths >= widths[taken] / 2).sum())
    return boxes, points, counts
