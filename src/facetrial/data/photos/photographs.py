"""Which pictures of people are of one photograph, saved again: by their faces, found once and remembered."""

import io
import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from facetrial.core.digests import digest
from facetrial.core.files import recalled, written_whole
from facetrial.core.locks import file_lock
from facetrial.data.photos.alignment import FivePointsAlignment
from facetrial.data.photos.crops import Crops, cut_crops
from facetrial.data.photos.detection import Detections, Search
from facetrial.data.photos.person_folders import person, some
from facetrial.faces.batch import FaceDataset
from facetrial.faces.landmark_names import NUM_LANDMARKS
from facetrial.faces.saved_again import ALIKE, photographs

log = logging.getLogger(__name__)

# The same for every recogniser, so that all have one split.
_COMPARED = FivePointsAlignment(64)
# Raised when the same pictures would give other photographs.
_VERSION = 2


def photographs_of(
    paths: list[Path],
    files: list[str],
    digests: list[str],
    detections: Detections,
    search: Search,
    cache: Path,
    keep: bool = True,
) -> np.ndarray:
    """A number for the photograph, int64 (N,), that each picture is of, from the cache or found now.

    One in the folders of several people is named in the log: whose face it is, may be doubted.

    Args:
        paths, files, digests, detections, search, cache: as for `cut_crops`.
        keep: whether the crops that are compared are kept, as for `cut_crops`; the numbers are in any case.

    Raises:
        FacetrialError: the cache cannot be written to, or a picture changed meanwhile.
    """
    folder = Path(cache) / "photographs"
    path = folder / f"{digest([_VERSION, ALIKE, search.settings, *files, *digests])}.npy"
    found = recalled(path, _numbers)
    if found is None:
        with file_lock(path):
            if (found := recalled(path, _numbers)) is None:  # another process may have found them meanwhile
                crops = cut_crops(paths, files, digests, detections, search, _COMPARED, folder, {}, keep)
                found = photographs(_faces(crops, files))
                with written_whole(path, seal=True) as temporary, open(temporary, "wb") as file:
                    np.save(file, found)
    if doubted := _of_several_people(files, found):
        log.warning(
            "%d photographs are in the folders of several people; whose face it is, may be doubted: %s",
            len(doubted), some([", ".join(names) for names in doubted]),
        )  # fmt: skip
    return found


def _faces(crops: Crops, files: list[str]) -> FaceDataset:
    rows = np.arange(len(files))
    unknown = np.full((len(files), NUM_LANDMARKS, 2), np.nan, np.float32)
    return FaceDataset(crops.pixels, rows, rows, files, files, unknown, crops.boxes, crops.five_points)


def _numbers(content: bytes) -> np.ndarray:
    found: np.ndarray = np.load(io.BytesIO(content), allow_pickle=False)
    return found


def _of_several_people(files: Sequence[str], numbers: np.ndarray) -> list[list[str]]:
    """The files of each photograph that lies in several people's folders."""
    repeated = np.flatnonzero(np.bincount(numbers) > 1)
    found = [[files[row] for row in np.flatnonzero(numbers == number).tolist()] for number in repeated]
    return [names for names in found if len({person(name) for name in names}) > 1]
