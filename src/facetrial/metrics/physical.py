"""What the summary says of the paths."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from facetrial.data.photos.alignment import Alignment
from facetrial.statistics.intervals import rate_over_people
from facetrial.trial.physical.resend import VERSIONS
from facetrial.trial.rows import ATTACKED


def physical_summary(
    rows: pd.DataFrame, sent: pd.DataFrame, labels: Mapping[str, str], goal: str, alignment: Alignment | None
) -> dict[str, Any]:
    """The figures of each path, the first of them the trial's own verdict in float32, which no file keeps.

    Every figure is {value, low, high, n}, over the pictures that were attacked. `clean` and `attacked`: recognised on
    this path. `success`: of those recognised clean on this path (dodging) or not already taken for the target on it
    (impersonation), those on which the attack succeeds on it. `not_found_clean` and `not_found_attacked`: without a
    face that is found again; these count as not recognised.

    Args:
        rows: verdict rows.
        sent: as `Sending` returns it.
        labels: of the paths in `sent`, by name.
        goal: of the attack.
        alignment: by which faces that were found again were cut anew; None: they were not.
    """
    attacked = rows[rows["status"] == ATTACKED].set_index("file").loc[sent["file"]].reset_index()
    targets = attacked["target"].to_numpy() if goal == "impersonation" else None
    people = attacked["identity"].to_numpy()
    found = np.ones(len(attacked), dtype=bool)
    float32 = {"clean": "clean", "attacked": "attacked"}
    paths = [_path("float32", "float32", attacked, float32, dict.fromkeys(VERSIONS, found), people, targets)]
    for name, label in labels.items():
        columns = {version: f"{version}_{name}" for version in VERSIONS}
        seen = {v: sent[f"found_{column}"].to_numpy(dtype=bool) for v, column in columns.items()}
        paths.append(_path(name, label, sent, columns, seen, people, targets))
    return {"goal": goal, "cut_again": alignment is not None, "paths": paths}


def _path(
    name: str,
    label: str,
    rows: pd.DataFrame,
    columns: Mapping[str, str],
    found: Mapping[str, np.ndarray],
    people: np.ndarray,
    targets: np.ndarray | None,
) -> dict[str, Any]:
    right = {v: rows[f"correct_{column}"].to_numpy(dtype=bool) for v, column in columns.items()}
    if targets is None:
        risked, hits = right["clean"], ~right["attacked"]
    else:
        named = {v: rows[f"predicted_{column}"].to_numpy() for v, column in columns.items()}
        risked, hits = named["clean"] != targets, named["attacked"] == targets
    return {
        "path": name,
        "label": label,
        **{version: rate_over_people(right[version], people).as_dict() for version in VERSIONS},
        "success": rate_over_people(hits[risked], people[risked]).as_dict(),
        **{
            f"not_found_{version}": rate_over_people(~found[version], people).as_dict()
            for version in VERSIONS
        },
    }
