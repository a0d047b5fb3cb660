"""The rows of a trial: their columns, how they are written and read back, and which of them count."""

import io
import math
import re
from pathlib import Path

import numpy as np
import pandas as pd

from facetrial.core.errors import FacetrialError
from facetrial.core.files import written_whole
from facetrial.runtime.csv_cells import as_cell, as_texts

_TEXT = "file|identity|target|second|status|gradient|certified_class|picture_digest|predicted_.*"


def write_rows(rows: pd.DataFrame, path: Path, seal: bool = False) -> None:
    """Writes rows as CSV, whole; numbers so that they read back to the bit, texts so that no spreadsheet runs one.

    Args:
        rows: a table.
        path: the file.
        seal: whether a seal is set at its end, which makes it one that only `recalled` reads.
    """
    cells = {name: rows[name].map(as_cell) for name in rows if rows[name].dtype.kind not in "biuf"}
    with written_whole(path, seal) as temporary:
        rows.assign(**cells).to_csv(temporary, index=False)


def read_rows(source: Path | io.BytesIO) -> pd.DataFrame:
    """Rows that `write_rows` wrote. A person called "None", "NA" or "0002" stays a person; an empty number is NaN."""
    names = pd.read_csv(source, nrows=0).columns
    if isinstance(source, io.BytesIO):
        source.seek(0)
    text = [name for name in names if re.fullmatch(_TEXT, name)]
    empty = {name: [""] for name in names if name not in text}
    rows = pd.read_csv(source, dtype=dict.fromkeys(text, str), keep_default_na=False, na_values=empty)
    return rows.assign(**{name: as_texts(rows[name]) for name in text})


def read_verdicts(path: Path) -> pd.DataFrame:
    """Verdict rows of a finished trial, read strictly.

    Raises:
        FacetrialError: it cannot be read, lacks columns or rows, or has a value that its column cannot have.
    """
    try:
        rows = read_rows(path)
        check_rows(rows)
    except (OSError, ValueError) as error:  # what pandas cannot parse, too
        raise FacetrialError(f"{path}: {str(error).strip().rstrip('.')}. Run the trial again.") from error
    return rows


def check_columns(rows: pd.DataFrame) -> None:
    """Raises FacetrialError where a column holds what it cannot hold, such as text where True or False is expected."""
    for name, column in rows.items():
        for names, (kinds, least, highest, said) in _HOLD.items():
            if not re.fullmatch(names, str(name)):
                continue
            if name == "smallest" and "status" in rows:
                # Of a picture that could not be attacked there is none.
                column = column[~(column.isna() & (rows["status"] == NOT_ATTACKABLE))]
            known = column if least > -math.inf else column.dropna()
            if column.dtype.kind not in kinds or not known.between(least, highest).all():
                found = ", ".join(map(str, column.unique()[:3]))
                raise FacetrialError(f"expected {said} in the column {name}, found {found}.")


# By names of columns: kinds of NumPy's types, the least and the highest value, and what is expected.
_HOLD = {
    "reached|same|synthetic|(correct|flagged|found)_.*": ("b", 0.0, 1.0, "True or False"),
    "pixels_changed|queries|steps|fold|rank_.*": ("iu", 0.0, math.inf, "whole numbers from 0 on"),
    "rms|l2|l1|linf|smallest|certified_radius": ("iuf", 0.0, math.inf, "numbers from 0 on"),
    "region_area": ("iuf", 0.0, 1.0, "numbers from 0 to 1"),
    "(margin|suspicion|similarity)_.*|threshold": ("iuf", -math.inf, math.inf, "numbers, or none"),
}
COLUMNS = (
    "file",
    "identity",
    *(f"{what}_{when}" for what in ("predicted", "correct") for when in ("clean", "attacked", "8bit")),
    "status",
    "reached",
)


def check_rows(rows: pd.DataFrame) -> None:
    """Raises FacetrialError unless `rows` are verdict rows: all columns, one row a picture, values that can be."""
    if missing := [column for column in COLUMNS if column not in rows]:
        raise FacetrialError(f"verdict rows lack the columns {', '.join(missing)}; found {', '.join(rows)}.")
    if len(rows) == 0:
        raise FacetrialError("a trial without a single picture has no figures; is the test set empty?")
    if not rows["file"].is_unique:
        repeated = rows["file"][rows["file"].duplicated()].iloc[0]
        raise FacetrialError(f"expected one row a picture, found {repeated} more than once.")
    if unknown := set(rows["status"]) - {ATTACKED, NOT_ATTACKABLE}:
        raise FacetrialError(f"expected status {ATTACKED} or {NOT_ATTACKABLE}, found {sorted(unknown)}.")
    check_columns(rows)


def at_stake(attacked: pd.DataFrame, goal: str) -> tuple[pd.DataFrame, np.ndarray]:
    """Rows right when clean (dodging) or not already taken for the target (impersonation), and which the attack hit."""
    if goal == "dodging":
        rows = attacked[attacked["correct_clean"].astype(bool)]
        hits = ~rows["correct_attacked"].to_numpy(dtype=bool)
    elif goal == "impersonation":
        if "target" not in attacked:
            raise FacetrialError("under the goal impersonation, verdict rows need the column target.")
        rows = attacked[attacked["predicted_clean"] != attacked["target"]]
        hits = (rows["predicted_attacked"] == rows["target"]).to_numpy(dtype=bool)
    else:
        raise FacetrialError(f"expected the goal dodging or impersonation, found {goal!r}.")
    return rows, hits


ATTACKED = "attacked"
NOT_ATTACKABLE = "not_attackable"
ABSTAINED = "(nobody)"  # predicted where a victim abstains; counted as wrong
