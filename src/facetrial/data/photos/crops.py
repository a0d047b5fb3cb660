"""Aligned crops: cut once for each set of pictures and alignment, then memory-mapped; or cut anew and never written."""

import io
import json
import logging
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from facetrial.core.digests import digest
from facetrial.core.errors import Damaged, FacetrialError
from facetrial.core.files import check_seal, recalled, written_whole
from facetrial.core.locks import file_lock
from facetrial.core.progress import progress_bar
from facetrial.data.photos.alignment import Alignment, move_box, move_points
from facetrial.data.photos.detection import Detections, Search
from facetrial.data.photos.image_files import BadPicture, num_workers, use_picture

log = logging.getLogger(__name__)

# Raised when the same files and alignment would give other crops.
_VERSION = 2
# MTCNN calls the first pixel's centre (1, 1), ours is (0, 0): against mirror images its points lie 1.0 pixel to the
# right, in 60 pictures of LFW, whatever their size. Alignment goes by its points as they are, as published networks
# were trained; what is told of a crop goes by ours.
_MTCNNS_FIRST_PIXEL = 1.0

# The mean of MTCNN's box and five points over LFW and its mirror images, as shares of width and height: where
# a face is taken to be in a picture in which none is found. LFW's pictures are centred on their faces.
CENTRE_BOX = np.array([0.3078, 0.2586, 0.6922, 0.7730])
CENTRE_POINTS = np.array(
    [[0.4145, 0.4582], [0.5855, 0.4582], [0.5000, 0.5605], [0.4255, 0.6489], [0.5745, 0.6489]]
)


@dataclass
class Crops:
    """N aligned crops.

    Attributes:
        pixels: uint8 (N, size, size, 3), memory-mapped and read-only where they are kept.
        boxes: float32 (N, 4), the face box in pixels of the crop.
        five_points: float32 (N, 5, 2) in pixels of the crop; NaN where no face was found.
    """

    pixels: np.ndarray
    boxes: np.ndarray
    five_points: np.ndarray


def cut_crops(
    paths: list[Path],
    files: list[str],
    digests: list[str],
    detections: Detections,
    search: Search,
    alignment: Alignment,
    cache: Path,
    notes: dict,
    keep: bool = True,
) -> Crops:
    """The crops of N pictures, from the cache or cut now.

    Args:
        paths: N readable pictures.
        files: their names below the data's root; with `digests`, the settings of the search and the
            alignment, they are what the cache is keyed by.
        digests: their `content_digests`.
        detections: what is known of each of them; a face that was not found is taken to be at the centre.
        search: how they were found.
        alignment: how to cut.
        cache: a folder.
        notes: plain values kept as JSON beside the crops; part of the key.
        keep: whether the cache gets what is cut; else it stays in memory, and no file holds a face.

    Raises:
        FacetrialError: the cache cannot be written to, or a picture changed meanwhile.
    """
    key = (_VERSION, search.settings, alignment, json.dumps(notes, sort_keys=True), *files, *digests)
    name = digest(f"{part}\n" for part in key)
    stem = Path(cache) / "crops" / f"{type(alignment).__name__}-{alignment.size}-{name}"
    pixels, geometry = stem.with_suffix(".npy"), stem.with_suffix(".npz")
    if (crops := _kept(pixels, geometry)) is not None:
        return crops
    if not keep:
        shape = (len(paths), alignment.size, alignment.size, 3)
        cut = np.empty(shape, np.uint8)
        places = iter(cut)
        return Crops(cut, *_cut(paths, detections, alignment, lambda crop: np.copyto(next(places), crop)))
    with file_lock(stem):
        if (crops := _kept(pixels, geometry)) is not None:  # another process has cut them meanwhile
            return crops
        boxes, five_points = _cut_into(pixels, paths, detections, alignment)
        with written_whole(stem.with_suffix(".json")) as path:
            path.write_text(json.dumps(notes, indent=1, ensure_ascii=False), encoding="utf-8")
        # Written last: where it is, all is.
        with written_whole(geometry, seal=True) as path:
            np.savez(path, boxes=boxes, five_points=five_points)
    return Crops(np.load(pixels, mmap_mode="r"), boxes, five_points)


def _kept(pixels: Path, geometry: Path) -> Crops | None:
    """The crops in two files; None where they are to be cut, for they are not there, or damaged."""
    try:
        check_seal(pixels)
    except FileNotFoundError:
        return None
    except Damaged as error:
        log.warning("%s The crops are cut again.", error)
        return None
    known = recalled(geometry, _geometry)
    return None if known is None else Crops(np.load(pixels, mmap_mode="r"), *known)


def _geometry(content: bytes) -> tuple[np.ndarray, np.ndarray]:
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        return arrays["boxes"], arrays["five_points"]


def face_or_centre(detections: Detections, row: int, size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Box (4,) and five points (5, 2) that a picture is cut by: of its face, or of a mean one where none was found.

    Args:
        detections: what is known.
        row: which picture.
        size: its width and height.
    """
    if detections.found[row]:
        return detections.boxes[row], detections.points[row]
    return CENTRE_BOX * (size * 2), CENTRE_POINTS * size


def _cut_into(
    target: Path, paths: list[Path], detections: Detections, alignment: Alignment
) -> tuple[np.ndarray, np.ndarray]:
    """Writes the pixels to `target`; returns boxes and five points in the crops."""
    shape = (len(paths), alignment.size, alignment.size, 3)
    with written_whole(target, seal=True) as path:
        try:
            # Written in order, not through a memory map: a full disk is then an error and not a crash.
            with open(path, "wb") as file:
                header = {"descr": "|u1", "fortran_order": False, "shape": shape}
                np.lib.format.write_array_header_1_0(file, header)
                return _cut(paths, detections, alignment, lambda crop: file.write(crop.tobytes()))
        except OSError as error:
            raise FacetrialError(
                f"cannot write {target}: {error.strerror or error}. It takes {np.prod(shape) / 2**20:.0f} MiB; "
                "make room or choose another folder (paths.cache)."
            ) from error


def _cut(
    paths: list[Path], detections: Detections, alignment: Alignment, take: Callable[[np.ndarray], object]
) -> tuple[np.ndarray, np.ndarray]:
    """Hands each crop to `take`, in order; returns boxes and five points in the crops."""
    boxes = np.empty((len(paths), 4), np.float32)
    five_points = np.empty((len(paths), 5, 2), np.float32)

    def cut(row: int) -> np.ndarray:
        def aligned(picture: Image.Image) -> tuple[np.ndarray, ...]:
            box, points = face_or_centre(detections, row, picture.size)
            return box, points, *alignment.align(picture, box, points)

        try:
            box, points, crop, matrix = use_picture(paths[row], aligned)
        except BadPicture as error:
            raise FacetrialError(
                f"{paths[row]} could be read when faces were looked for, and cannot be now: {error}. Start again; if "
                "that does not help, delete the folder detections in paths.cache."
            ) from error
        boxes[row] = move_box(matrix, box)
        # The assumed points guide the cut, but nobody has seen them: they are not passed on.
        five_points[row] = (
            move_points(matrix, points - _MTCNNS_FIRST_PIXEL) if detections.found[row] else np.nan
        )
        return crop

    with (
        progress_bar("Aligning faces", len(paths)) as advance,
        ThreadPoolExecutor(num_workers()) as executor,
    ):
        try:
            for rows in _chunks(len(paths), 256):
                for crop in executor.map(cut, rows):
                    take(crop)
                advance(len(rows))
        except BaseException:
            executor.shutdown(wait=True, cancel_futures=True)
            raise
    return boxes, five_points


def _chunks(count: int, size: int) -> Iterator[range]:
    return (range(start, min(start + size, count)) for start in range(0, count, size))
