"""Photographs that lie anywhere and are nobody's yet: a face of each, found and cut as those in a folder of people."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from facetrial.core.errors import FacetrialError
from facetrial.data.photos.alignment import Alignment
from facetrial.data.photos.crops import cut_crops
from facetrial.data.photos.detection import Search
from facetrial.data.photos.detection_cache import find_faces
from facetrial.data.photos.image_files import content_digests
from facetrial.faces.batch import FaceDataset
from facetrial.faces.landmark_names import NUM_LANDMARKS


def faces_in(
    paths: Sequence[Path],
    files: Sequence[str],
    alignment: Alignment,
    search: Search,
    cache: Path,
    one_of_several: bool = False,
    without_face: bool = False,
) -> FaceDataset:
    """The face on each of these photographs, with its number for an identity and without landmarks.

    What was found is remembered in the cache; crops stay in memory.

    Args:
        paths: N files.
        files: N names, each another, on which random draws depend.
        alignment: how they are cut.
        search: how they are found.
        cache: folder for detections.
        one_of_several: whether of several faces on a photograph the one that `search` takes will do.
        without_face: whether one on which no face is found is cut where LFW's faces lie on average.

    Raises:
        FacetrialError: one is not there, cannot be used, or shows no face, or several.
    """
    paths, files = list(paths), list(files)
    if twice := [path for path in paths if paths.count(path) > 1]:
        raise FacetrialError(f"{twice[0]} is given twice. Give two pictures.")
    for path in paths:
        if not path.is_file():
            what = "is a folder" if path.is_dir() else "is not there"
            raise FacetrialError(f"the picture {path} {what}. Give the file of a photograph.")
    digests = content_digests(paths)
    found = find_faces(paths, digests, cache, search)
    for path, problem, face, count in zip(paths, found.problems, found.found, found.counts, strict=True):
        if problem:
            raise FacetrialError(f"{path} cannot be used: {problem}. Give another picture.")
        if not face and not without_face:
            raise FacetrialError(
                f"{search.detector} finds no face on {path}. Give a picture on which one is seen from the front, or "
                f"have it look for smaller ones: data.smallest_face, now {search.smallest:g} of the shorter side."
            )
        if count > 1 and not one_of_several:
            raise FacetrialError(
                f"there are {count} faces on {path}. Cut it to the one that is meant, or say which: --face largest or "
                "--face central."
            )
    crops = cut_crops(paths, files, digests, found, search, alignment, cache, {}, keep=False)
    rows = np.arange(len(files))
    unknown = np.full((len(files), NUM_LANDMARKS, 2), np.nan, np.float32)
    return FaceDataset(crops.pixels, rows, rows, files, files, unknown, crops.boxes, crops.five_points)


def rows_with_same_crop(faces: FaceDataset, photos: FaceDataset) -> np.ndarray:
    """Which rows of `faces` are the same to the pixel as one of `photos`: the same picture, whatever it is called."""
    wanted = [photos.pixels[row] for row in photos.rows]
    same = [any(np.array_equal(faces.pixels[row], one) for one in wanted) for row in faces.rows]
    return np.flatnonzero(same)
