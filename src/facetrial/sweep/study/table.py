"""The study's table: five people and everybody, without and with noise, without and with adversarial training.

All columns are of the same pictures: those on which every attack of every trial reached its budget, so that a
difference between columns is no difference between pictures.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from facetrial.core.errors import FacetrialError
from facetrial.metrics.names import defenses_name
from facetrial.metrics.summary import TrialSummary
from facetrial.statistics.intervals import Interval, rate_over_people
from facetrial.sweep.figure_table import Cell, FigureTable
from facetrial.sweep.study.comparisons import Column, Comparison, compare_columns
from facetrial.trial.rows import ATTACKED, check_rows

EVERYBODY = "all people"
SHARE_OF_CLEAN_VERDICTS_THAT_MAY_DIFFER = 0.01

# What the study found on LFW; it has no figures for all 158 people.
STUDY_FIGURES = {
    "George W Bush": {"raw": 0.98, "random": 0.91, "landmarks": 0.88, "adv": 0.94},
    "Bill Clinton": {"raw": 0.99, "random": 0.75, "landmarks": 0.58, "adv": 0.63},
    "Hamid Karzai": {"raw": 1.0, "random": 0.67, "landmarks": 0.50, "adv": 0.67},
    "Tony Blair": {"raw": 0.97, "random": 0.69, "landmarks": 0.71, "adv": 0.62},
    "John Negroponte": {"raw": 1.0, "random": 0.63, "landmarks": 0.625, "adv": 0.50},
}
STUDY_COLUMNS = (
    Column("raw", "raw", None),
    Column("random", "random noise", "random"),
    Column("landmarks", "noisy landmarks", "landmarks"),
    Column("adv", "adversarial training", "landmarks", ("adv_landmarks",)),
)
FURTHER_COLUMNS = (
    Column("scattered", "noise elsewhere on the face", "scattered"),
    Column("adv_raw", "adversarial training, raw", None, ("adv_landmarks",)),
    Column("adv_random", "adversarial training, random noise", "random", ("adv_landmarks",)),
    Column("adv_scattered", "adversarial training, noise elsewhere", "scattered", ("adv_landmarks",)),
)
Place = tuple[str, tuple[str, ...]]  # a trial's attack and defences, by their configs' names


@dataclass(frozen=True)
class Study(FigureTable):
    """The table and what it is of. Beside a figure stands what the study found, where it has a figure.

    Rows are people, everybody last; columns are the study's, then others.

    Attributes:
        comparisons: paired, over everybody.
        rms: median RMS of the change in each attacked trial, over the compared pictures.
        n: number of pictures compared.
        n_tested: number of pictures tested.
    """

    comparisons: Sequence[Comparison]
    rms: Mapping[Place, float]
    n: int
    n_tested: int


def build_study(
    trials: Sequence[tuple[TrialSummary, pd.DataFrame]], people: Sequence[str] | None = None
) -> Study:
    """The study's table from the trials of one sweep.

    Args:
        trials: summary and verdict rows of each: random and landmarks without defence and landmarks under `adv`
            at least; scattered, and more under `adv`, give further columns and comparisons. One trial for each
            attack and defence.
        people: names of the table's rows; None takes the study's five, or on synthetic faces the five with the
            most training pictures.

    Raises:
        FacetrialError: a trial is missing or there twice, trials do not fit together, or a person is not in them.
    """
    by_place = _by_attack_and_defense(trials)
    _check_same_trial(trials)
    rows = {place: frame.set_index("file").sort_index() for place, frame in by_place.items()}
    tested = next(iter(rows.values()))
    compared = _reached_by_all(rows)
    if not len(compared):
        raise FacetrialError(
            "there is no picture on which every attack reached its budget; lower the budget."
        )
    summary = trials[0][0]
    identities = tested.loc[compared, "identity"].to_numpy(dtype=str)
    verdicts = {
        column: right
        for column in STUDY_COLUMNS + FURTHER_COLUMNS
        if (right := _verdicts(column, rows, compared)) is not None
    }
    shown = [*_table_people(summary, people), EVERYBODY]
    return Study(
        rows=shown,
        columns={column.key: column.title for column in verdicts},
        cells={
            (person, column.key): Cell(
                _figure(right, identities, person), _study_figure(summary, person, column)
            )
            for person in shown
            for column, right in verdicts.items()
        },
        summaries=[summary for summary, _ in trials],
        comparisons=list(compare_columns(verdicts, identities)),
        rms={
            place: float(frame.loc[compared, "rms"].median())
            for place, frame in rows.items()
            if place[0] != "none" and "rms" in frame
        },
        n=len(compared),
        n_tested=len(tested),
    )


def place_of(summary: TrialSummary) -> Place:
    """What a trial is looked up by."""
    return summary.chosen.attack, summary.chosen.defenses


def _by_attack_and_defense(trials: Sequence[tuple[TrialSummary, pd.DataFrame]]) -> dict[Place, pd.DataFrame]:
    by_place: dict[Place, pd.DataFrame] = {}
    for summary, rows in trials:
        check_rows(rows)
        if (place := place_of(summary)) in by_place:
            raise FacetrialError(
                f"found two trials of {_said(place)}; the study's table takes one. Give the trials of a single seed "
                "and noise level."
            )
        by_place[place] = rows
    needed = [(c.attack, c.defenses) for c in STUDY_COLUMNS if c.attack is not None]
    if missing := [place for place in needed if place not in by_place]:
        raise FacetrialError(
            f"the study's table lacks {', '.join(map(_said, missing))}; found "
            f"{', '.join(map(_said, by_place)) or 'no trial'}. Run it with "
            "-m attack=random,landmarks,scattered defense=none,adv."
        )
    return by_place


def _said(place: Place) -> str:
    return f"attack={place[0]} defense={defenses_name(place[1])}"


def _check_same_trial(trials: Sequence[tuple[TrialSummary, pd.DataFrame]]) -> None:
    (first, first_rows), *others = trials
    for summary, rows in others:
        for key in ("data", "synthetic", "embedder", "seed", "goal"):
            if (here := getattr(summary, key)) != (there := getattr(first, key)):
                raise FacetrialError(f"trials of one table must share {key}; found {there!r} and {here!r}.")
        changes = [one.chosen.attack_changes for one in (first, summary)]
        if changes[0] != changes[1]:
            said = [", ".join(f"{key}={value}" for key, value in one.items()) for one in changes]
            raise FacetrialError(
                f"attacks of one table must share what was changed of them; found {said[0] or 'nothing'} and "
                f"{said[1] or 'nothing'}."
            )
        if set(rows["file"]) != set(first_rows["file"]):
            raise FacetrialError(
                f"trials of one table must test the same pictures; {_said(place_of(first))} has {len(first_rows)}, "
                f"{_said(place_of(summary))} has {len(rows)}, and {len(set(rows['file']) & set(first_rows['file']))} "
                "are in both. Give the same data.limit and data.split_seed."
            )


def _reached_by_all(rows: Mapping[Place, pd.DataFrame]) -> pd.Index:
    compared = next(iter(rows.values())).index
    for (attack, _), frame in rows.items():
        if attack == "none":
            continue
        reached = frame.index[(frame["status"] == ATTACKED) & frame["reached"].astype(bool)]
        compared = compared.intersection(reached)
    return compared.sort_values()


def _table_people(summary: TrialSummary, people: Sequence[str] | None) -> list[str]:
    known = summary.per_identity
    if people is None and summary.synthetic:
        by_pictures = sorted(known, key=lambda name: (-known[name].n_train, name))
        return by_pictures[: len(STUDY_FIGURES)]
    people = list(STUDY_FIGURES if people is None else people)
    if strangers := [name for name in people if name not in known]:
        raise FacetrialError(
            f"no test picture of {', '.join(strangers)} among {len(known)} people. Name people of this data, as "
            "their folders are called, or leave data.limit and data.min_pictures as they are."
        )
    return people


def _verdicts(column: Column, rows: Mapping[Place, pd.DataFrame], compared: pd.Index) -> np.ndarray | None:
    """bool (N,): which compared pictures are recognised in that column; None where no trial has it."""
    if column.attack is not None:
        frame = rows.get((column.attack, column.defenses))
        return None if frame is None else frame.loc[compared, "correct_attacked"].to_numpy(dtype=bool)
    clean = [
        frame.loc[compared, "correct_clean"].to_numpy(dtype=bool)
        for (_, defenses), frame in rows.items()
        if defenses == column.defenses
    ]
    for other in clean[1:]:
        if (share := float((other != clean[0]).mean())) > SHARE_OF_CLEAN_VERDICTS_THAT_MAY_DIFFER:
            raise FacetrialError(
                f"trials with defense={defenses_name(column.defenses)} differ on {100 * share:.1f} % of the clean "
                "pictures: they are not of the same recogniser. Run the sweep again with one checkpoint."
            )
    return clean[0] if clean else None


def _figure(right: np.ndarray, identities: np.ndarray, person: str) -> Interval:
    own = np.ones(len(right), dtype=bool) if person == EVERYBODY else identities == person
    return rate_over_people(right[own], identities[own])


def _study_figure(summary: TrialSummary, person: str, column: Column) -> Interval | None:
    """What the study found, which gives neither intervals nor sample sizes."""
    found = None if summary.synthetic else STUDY_FIGURES.get(person, {}).get(column.key)
    return None if found is None else Interval(found, math.nan, math.nan, 0)
