"""Detection: the face nearest the centre of each picture, by MTCNN, found once and remembered.

Zhang et al., "Joint Face Detection and Alignment using Multi-task Cascaded Convolutional Networks", 2016,
with the weights that facenet-pytorch ships. What was found is kept in small files, each written whole, under
the digests of the pictures' contents: work that was cut short goes on where it stopped, and pictures that
come back in another selection or another folder are not searched again.
"""

import hashlib
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from itertools import groupby
from pathlib import Path
from queue import SimpleQueue

import numpy as np
import torch
from facenet_pytorch import MTCNN
from PIL import Image
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from facetrial.data.pictures import BadPicture, num_workers, read_picture
from facetrial.errors import FacetrialError
from facetrial.files import written_whole

# The smallest face searched for, as a share of the picture's shorter side. LFW's faces take 0.26 and more.
SMALLEST_FACE = 0.16
THRESHOLDS = (0.6, 0.7, 0.7)
PYRAMID_FACTOR = 0.709
_BATCH = 8  # fits the processor's cache: faster than larger batches
_CHUNK = 64

_VERSION = version("facenet-pytorch")
# What detections depend on, besides the picture.
SETTINGS = f"mtcnn {_VERSION} smallest {SMALLEST_FACE} thresholds {THRESHOLDS} factor {PYRAMID_FACTOR}"


@dataclass
class Detections:
    """What is known of N pictures.

    Attributes:
        boxes: float32 (N, 4), in pixels of the picture; NaN where no face was found.
        points: float32 (N, 5, 2), MTCNN's five points; NaN where no face was found.
        problems: N reasons why a picture cannot be read; "" for those that can.
    """

    boxes: np.ndarray
    points: np.ndarray
    problems: list[str]

    @property
    def found(self) -> np.ndarray:
        """bool (N,): a face was found."""
        return ~np.isnan(self.boxes[:, 0])


def find_faces(paths: list[Path], digests: list[str], cache: Path) -> Detections:
    """The face nearest each picture's centre, from the cache or by MTCNN.

    Args:
        paths: N files.
        digests: their `content_digests`.
        cache: a folder for what was found.

    Raises:
        FacetrialError: the cache cannot be written to, or holds a damaged file.
    """
    folder = Path(cache) / "detections" / hashlib.blake2b(SETTINGS.encode(), digest_size=6).hexdigest()
    known = _remembered(folder)
    missing = list({d: p for d, p in zip(digests, paths, strict=True) if d and d not in known}.items())
    if missing:
        known |= _search(missing, folder)
    unknown = (np.full(4, np.nan, np.float32), np.full((5, 2), np.nan, np.float32), "cannot be opened")
    rows = [known.get(digest, unknown) for digest in digests]
    return Detections(
        np.array([row[0] for row in rows], np.float32).reshape(-1, 4),
        np.array([row[1] for row in rows], np.float32).reshape(-1, 5, 2),
        [row[2] for row in rows],
    )


Known = dict[str, tuple[np.ndarray, np.ndarray, str]]


def _remembered(folder: Path) -> Known:
    known: Known = {}
    for path in sorted(folder.glob("[!.]*.npz")):
        try:
            with np.load(path, allow_pickle=False) as part:
                names, boxes, points, problems = (part[k] for k in ("digests", "boxes", "points", "problems"))
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
            raise FacetrialError(
                f"{path} is damaged ({error}). Delete it; its pictures are searched again."
            ) from error
        known |= dict(zip(names.tolist(), zip(boxes, points, problems.tolist(), strict=True), strict=True))
    return known


def _search(missing: list[tuple[str, Path]], folder: Path) -> Known:
    workers = num_workers()
    size = max(1, min(_CHUNK, -(-len(missing) // workers)))
    chunks = [missing[i : i + size] for i in range(0, len(missing), size)]
    detectors: SimpleQueue[MTCNN] = SimpleQueue()
    # Building a network draws from torch's generator, which must not depend on what was cached.
    with torch.random.fork_rng(devices=[]):
        for _ in range(workers):
            detectors.put(MTCNN(thresholds=list(THRESHOLDS), factor=PYRAMID_FACTOR, select_largest=False))

    def search(chunk: list[tuple[str, Path]], advance: Callable[[int], None]) -> Known:
        torch.set_num_threads(1)  # of this thread's own: the chunks are what runs in parallel
        detector = detectors.get()
        try:
            boxes, points, problems = _detect([path for _, path in chunk], detector, advance)
        finally:
            detectors.put(detector)
        names = [digest for digest, _ in chunk]
        target = folder / f"{hashlib.blake2b(' '.join(names).encode(), digest_size=12).hexdigest()}.npz"
        with written_whole(target) as path:
            np.savez(path, digests=names, boxes=boxes, points=points, problems=problems)
        return dict(zip(names, zip(boxes, points, problems, strict=True), strict=True))

    known: Known = {}
    with progress_bar("Finding faces", len(missing)) as advance:
        executor = ThreadPoolExecutor(workers)
        try:
            for future in as_completed([executor.submit(search, chunk, advance) for chunk in chunks]):
                known |= future.result()
        finally:
            executor.shutdown(wait=True, cancel_futures=True)
    return known


def _detect(
    paths: list[Path], detector: MTCNN, advance: Callable[[int], None]
) -> tuple[np.ndarray, np.ndarray, list[str]]:
    boxes = np.full((len(paths), 4), np.nan, np.float32)
    points = np.full((len(paths), 5, 2), np.nan, np.float32)
    problems = [""] * len(paths)

    def readable() -> Iterator[tuple[int, Image.Image]]:
        for row, path in enumerate(paths):
            try:
                yield row, read_picture(path)
            except BadPicture as problem:
                problems[row] = str(problem)
                advance(1)

    # Only pictures of one size go through MTCNN together.
    for (_, _), same_size in groupby(readable(), key=lambda item: item[1].size):
        while batch := [item for _, item in zip(range(_BATCH), same_size, strict=False)]:
            rows = [row for row, _ in batch]
            boxes[rows], points[rows] = nearest_the_centre(
                np.stack([np.asarray(p) for _, p in batch]), detector
            )
            advance(len(batch))
    return boxes, points, problems


def nearest_the_centre(pictures: np.ndarray, detector: MTCNN) -> tuple[np.ndarray, np.ndarray]:
    """Box (B, 4) and five points (B, 5, 2) of the face nearest each picture's centre; NaN where there is none.

    Args:
        pictures: uint8 (B, H, W, 3), RGB.
        detector: facenet-pytorch's MTCNN; its `min_face_size` is set.
    """
    height, width = pictures.shape[1:3]
    detector.min_face_size = max(20, round(SMALLEST_FACE * min(height, width)))
    boxes = np.full((len(pictures), 4), np.nan, np.float32)
    points = np.full((len(pictures), 5, 2), np.nan, np.float32)
    with torch.inference_mode():
        found_boxes, _, found_points = detector.detect(pictures, landmarks=True)
    for row, found in enumerate(found_boxes):
        if found is None:
            continue
        found = np.asarray(found, np.float32)
        middles = (found[:, :2] + found[:, 2:]) / 2
        nearest = np.argmin(np.square(middles - [width / 2, height / 2]).sum(1))
        boxes[row] = found[nearest]
        points[row] = np.asarray(found_points[row], np.float32)[nearest]
    return boxes, points


@contextmanager
def progress_bar(description: str, total: int) -> Iterator[Callable[[int], None]]:
    """A progress bar on standard error; yields the function that moves it on."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    # A console of its own, since only one bar may live on each.
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task(description, total=total)
        yield lambda count: progress.advance(task, count)
