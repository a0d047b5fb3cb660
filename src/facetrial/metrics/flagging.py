"""What detectors make of a trial: false alarms, attacks caught, and those that come through."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.metrics import roc_curve

from facetrial.core.plain import Measured
from facetrial.statistics.auroc import auroc_over_people
from facetrial.statistics.intervals import Interval, rate_over_people
from facetrial.trial.rows import ATTACKED, at_stake

SUSPICION, FLAGGED = "suspicion", "flagged"
LEFT, KEPT = "recognised or flagged", "recognised and not flagged"  # under attack, and clean
FLAGS_COUNT = (
    "Where a defence flags pictures, an attacked one that is flagged counts as recognised, and a clean one that is "
    "flagged does not."
)


@dataclass(frozen=True)
class RocPoint:
    """Shares of clean and of attacked pictures whose suspicion is not below a threshold."""

    false_alarms: Measured
    caught: Measured


@dataclass(frozen=True)
class Flagging:
    """What detectors make of a trial.

    Attributes:
        false_alarms: of all clean pictures, those flagged.
        kept: of all clean pictures, those recognised and not flagged.
        caught: of those attacked, those flagged.
        caught_8bit: the same in 8 bits.
        stands: of those attacked, those recognised or flagged.
        undetected_success: the attack's success where being flagged is failing.
        auroc: the chance that an attacked picture is more suspicious than a clean one.
        roc: of these very pictures, by ascending false alarms.
    """

    false_alarms: Interval
    kept: Interval
    caught: Interval
    caught_8bit: Interval
    stands: Interval
    undetected_success: Interval
    auroc: Interval
    roc: tuple[RocPoint, ...]


def flagging_summary(rows: pd.DataFrame, goal: str) -> Flagging:
    """What detectors make of verdict rows with suspicions."""
    attacked = rows[rows["status"] == ATTACKED]
    risked, hits = at_stake(attacked, goal)
    through = hits & ~_flags(risked, "attacked")
    clean, under = _ranked(*(attacked[f"{SUSPICION}_{when}"] for when in ("clean", "attacked")))
    return Flagging(
        false_alarms=_rate(rows, _flags(rows, "clean")),
        kept=_rate(rows, _right(rows, "clean") & ~_flags(rows, "clean")),
        caught=_rate(attacked, _flags(attacked, "attacked")),
        caught_8bit=_rate(attacked, _flags(attacked, "8bit")),
        stands=_rate(attacked, robust(attacked)),
        undetected_success=_rate(risked, through),
        auroc=auroc_over_people(clean, under, attacked["identity"].to_numpy()),
        roc=roc_points(clean, under),
    )


def _ranked(clean: pd.Series, attacked: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """Places by suspicion of clean and attacked pictures (N,) among all of both.

    A picture on which the recogniser has no answer has no suspicion: it is not flagged, and lowest.
    """
    found = np.concatenate([clean.to_numpy(dtype=float), attacked.to_numpy(dtype=float)])
    places = np.unique(np.where(np.isnan(found), -np.inf, found), return_inverse=True)[1].astype(float)
    return places[: len(clean)], places[len(clean) :]


def robust(attacked: pd.DataFrame) -> np.ndarray:
    """bool (N,): which rows of attacked pictures are recognised or, where pictures are flagged, flagged."""
    right = _right(attacked, "attacked")
    return right | _flags(attacked, "attacked") if f"{FLAGGED}_attacked" in attacked else right


def roc_points(clean: np.ndarray, attacked: np.ndarray) -> tuple[RocPoint, ...]:
    """Shares of clean (N,) and attacked (M,) suspicions above each threshold, ascending."""
    if not len(clean):
        return (RocPoint(0.0, 0.0),)
    truth = np.repeat([0, 1], [len(clean), len(attacked)])
    false_alarms, caught, _ = roc_curve(truth, np.concatenate([clean, attacked]), drop_intermediate=False)
    return tuple(map(RocPoint, false_alarms.tolist(), caught.tolist()))


def _flags(rows: pd.DataFrame, when: str) -> np.ndarray:
    return np.asarray(rows[f"{FLAGGED}_{when}"], dtype=bool)


def _right(rows: pd.DataFrame, when: str) -> np.ndarray:
    return np.asarray(rows[f"correct_{when}"], dtype=bool)


def _rate(rows: pd.DataFrame, hits: np.ndarray) -> Interval:
    return rate_over_people(hits, rows["identity"].to_numpy())
