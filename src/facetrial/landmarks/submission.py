"""Kaggle's submission: what a landmark network finds in the test pictures, as the competition asks for it."""

import csv
import logging
from pathlib import Path

import numpy as np
import pandas as pd
from torch import nn

from facetrial.core.errors import FacetrialError
from facetrial.core.files import written_whole
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


def write_submission(folder: Path, cache: Path, network: nn.Module, path: Path) -> bool:
    """Writes Kaggle's submission for `test.csv` and `IdLookupTable.csv` in `folder`, where both are there.

    Returns:
        Whether it was written.

    Raises:
        FacetrialError: the table of wanted points does not fit the test pictures.
    """
    if not (has_file(folder, LOOKUP) and has_file(folder, "test.csv")):
        log.info("There is no test set with %s in %s: no submission is written.", LOOKUP, folder)
        return False
    frames, ids = read_test_frames(folder, cache)
    wanted = _wanted(read_bytes(folder, LOOKUP))
    pictures, columns = _places(wanted, ids)
    found = (find_all(network, frames) + FIRST_PIXEL).clamp(0, FRAME_SIZE).flatten(1).numpy()
    with written_whole(path) as temporary, temporary.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["RowId", "Location"])
        writer.writerows(
            [as_cell(row_id), f"{location:.4f}"]
            for row_id, location in zip(wanted["RowId"], found[pictures, columns], strict=True)
        )
    return True


def _wanted(content: bytes) -> pd.DataFrame:
    """The lookup table: RowId, ImageId and FeatureName of every coordinate that is asked for."""
    wanted = pd.concat(read_tables(content, LOOKUP, _MOST_WANTED, {}))
    if missing := {"RowId", "ImageId", "FeatureName"} - set(wanted):
        raise FacetrialError(f"{LOOKUP} lacks the column(s) {', '.join(sorted(missing))}.")
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
