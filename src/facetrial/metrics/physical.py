"""What is left of an attack on each path to the recogniser."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from facetrial.data.photos.alignment import Alignment
from facetrial.statistics.intervals import Interval, rate_over_people
from facetrial.trial.physical.channels import SentPath
from facetrial.trial.physical.resend import VERSIONS
from facetrial.trial.rows import ATTACKED


@dataclass(frozen=True)
class PathFigures:
    """Figures of a path, over the pictures that were attacked.

    Attributes:
        path: its name.
        label: what a reader is told of it.
        clean: recognised clean on this path.
        attacked: recognised attacked on it.
        success: of those recognised clean on this path (dodging) or not already taken for the target on it
            (impersonation), those on which the attack succeeds on it.
        not_found_clean: without a face that is found again, clean; these count as not recognised.
        not_found_attacked: the same, attacked.
        found_again: whether faces are looked for anew on it; None in summaries up to 0.1.
    """

    path: str
    label: str
    clean: Interval
    attacked: Interval
    success: Interval
    not_found_clean: Interval
    not_found_attacked: Interval
    found_again: bool | None = None


@dataclass(frozen=True)
class Physical:
    """All paths, the first of them the trial's own verdict in float32; and whether faces found again were cut anew."""

    goal: str
    cut_again: bool
    paths: tuple[PathFigures, ...]


def physical_summary(
    rows: pd.DataFrame,
    sent: pd.DataFrame,
    paths: Mapping[str, SentPath],
    goal: str,
    alignment: Alignment | None,
) -> Physical:
    """The figures of each path, the first of them the trial's own verdict in float32, which no file keeps.

    Args:
        rows: verdict rows.
        sent: as `Sending` returns it.
        paths: those in `sent`, by name.
        goal: of the attack.
        alignment: by which faces that were found again were cut anew; None: they were not.
    """
    attacked = rows[rows["status"] == ATTACKED].set_index("file").loc[sent["file"]].reset_index()
    targets = attacked["target"].to_numpy() if goal == "impersonation" else None
    people = attacked["identity"].to_numpy()
    found = np.ones(len(attacked), dtype=bool)
    float32 = {"clean": "clean", "attacked": "attacked"}
    figures = [_path("float32", None, attacked, float32, dict.fromkeys(VERSIONS, found), people, targets)]
    for name, path in paths.items():
        columns = {version: f"{version}_{name}" for version in VERSIONS}
        seen = {v: sent[f"found_{column}"].to_numpy(dtype=bool) for v, column in columns.items()}
        figures.append(_path(name, path, sent, columns, seen, people, targets))
    return Physical(goal, alignment is not None, tuple(figures))


def _path(
    name: str,
    path: SentPath | None,
    rows: pd.DataFrame,
    columns: Mapping[str, str],
    found: Mapping[str, np.ndarray],
    people: np.ndarray,
    targets: np.ndarray | None,
) -> PathFigures:
    right = {v: rows[f"correct_{column}"].to_numpy(dtype=bool) for v, column in columns.items()}
    if targets is None:
        risked, hits = right["clean"], ~right["attacked"]
    else:
        named = {v: rows[f"predicted_{column}"].to_numpy() for v, column in columns.items()}
        risked, hits = named["clean"] != targets, named["attacked"] == targets
    return PathFigures(
        name,
        name if path is None else path.label,
        rate_over_people(right["clean"], people),
        rate_over_people(right["attacked"], people),
        rate_over_people(hits[risked], people[risked]),
        rate_over_people(~found["clean"], people),
        rate_over_people(~found["attacked"], people),
        path is not None and path.finds_again,
    )
