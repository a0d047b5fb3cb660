"""Kaggle's submission: what a landmark network finds in the test pictures, as the competition asks for it."""

import csv
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from torch import nn

from facetrial.core.errors import FacetrialError
from facetrial.core.files import written_whole
from facetrial.data.framed import Frames
from facetrial.data.keypoints_csv import (
    COLUMNS,
    FIRST_PIXEL,
    has_file,
    read_bytes,
    read_tables,
    read_test_frames,
)
from facetrial.faces.frames import FRAME_SIZE
from facetrial.landmarks.scores import find_all
from facetrial.runtime.csv_cells import as_cell

log = logging.getLogger(__name__)

LOOKUP = "IdLookupTable.csv"
_MOST_WANTED = 1_000_000  # of its lines; Kaggle's has 27,124


@dataclass(frozen=True)
class Asked:
    """What a submission answers.

    Attributes:
        frames: the test pictures.
        row_ids: of the R coordinates that are asked for.
        pictures: int64 (R,), the frame of each.
        columns: int64 (R,), which of its 30 coordinates.
    """

    frames: Frames
    row_ids: Sequence[object]
    pictures: np.ndarray
    columns: np.ndarray


def asked_in(folder: Path, cache: Path) -> Asked | None:
    """What `test.csv` and `IdLookupTable.csv` in `folder` ask for; None where one of them is not there.

    Raises:
        FacetrialError: one cannot be read, or the table of wanted points does not fit the test pictures.
    """
    if not (has_file(folder, LOOKUP) and has_file(folder, "test.csv")):
        log.info("There is no test set with %s in %s: no submission is written.", LOOKUP, folder)
        return None
    frames, ids = read_test_frames(folder, cache)
    wanted = _wanted(read_bytes(folder, LOOKUP))
    return Asked(frames, wanted["RowId"].tolist(), *_places(wanted, ids))


def write_submission(asked: Asked, network: nn.Module, path: Path) -> None:
    """Writes Kaggle's submission: what a network, in eval mode, answers."""
    found = (find_all(network, asked.frames) + FIRST_PIXEL).clamp(0, FRAME_SIZE).flatten(1).numpy()
    with written_whole(path) as temporary, temporary.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["RowId", "Location"])
        writer.writerows(
            [as_cell(row_id), f"{location:.4f}"]
            for row_id, location in zip(asked.row_ids, found[asked.pictures, asked.columns], strict=True)
        )


def _wanted(content: bytes) -> pd.DataFrame:
    """The lookup table: RowId, ImageId and FeatureName of every coordinate that is asked for."""
    wanted = pd.concat(read_tables(content, LOOKUP, _MOST_WANTED, {}))
    if missing := {"RowId", "ImageId", "FeatureName"} - set(wanted):
        raise FacetrialError(f"{LOOKUP} lacks the column(s) {', '.join(sorted(missing))}.")
    if not wanted["RowId"].is_unique or wanted["RowId"].isna().any():
        raise FacetrialError(f"{LOOKUP}: each row must have a RowId of its own.")
    return wanted


def _places(wanted: pd.DataFrame, ids: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The picture, by its ImageId, and the coordinate that each row of the lookup table asks for."""
    unknown = sorted(set(map(str, wanted["FeatureName"])) - set(COLUMNS))
    if unknown:
        raise FacetrialError(
            f"{LOOKUP} asks for {unknown[0]!r}; expected Kaggle's names, such as {COLUMNS[0]}."
        )
    pictures = wanted["ImageId"].map({number: row for row, number in enumerate(ids.tolist())})
    if pictures.isna().any():
        stranger = wanted["ImageId"][pictures.isna()].iloc[0]
        raise FacetrialError(
            f"{LOOKUP} asks for ImageId {stranger}; none of the {len(ids)} test pictures has it."
        )
    columns = wanted["FeatureName"].map({name: i for i, name in enumerate(COLUMNS)})
    return pictures.to_numpy(dtype=np.int64), columns.to_numpy(dtype=np.int64)
