"""What detectors make of a trial: false alarms, attacks caught, and those that come through."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from sklearn.metrics import roc_curve

from facetrial.statistics.auroc import auroc_over_people
from facetrial.statistics.intervals import rate_over_people
from facetrial.trial.rows import ATTACKED, at_stake

SUSPICION, FLAGGED = "suspicion", "flagged"
LEFT, KEPT = "recognised or flagged", "recognised and not flagged"  # under attack, and clean
FLAGS_COUNT = (
    "Where a defence flags pictures, an attacked one that is flagged counts as recognised, and a clean one that is "
    "flagged does not."
)


def flagging_summary(rows: pd.DataFrame, goal: str) -> dict[str, Any]:
    """What the summary says of flagging, from verdict rows with suspicions.

    Every figure is {value, low, high, n}. `false_alarms`: of all clean pictures, those flagged. `kept`: of all clean
    pictures, those recognised and not flagged. `caught` and `caught_8bit`: of those attacked, those flagged. `stands`:
    of those attacked, those recognised or flagged. `undetected_success`: the attack's success where being flagged
    is failing. `auroc`: the chance that an attacked picture is more suspicious than a clean one. `roc` are its
    points: the share of attacked pictures that would be caught at each share of false alarms on these very pictures.
    """
    attacked = rows[rows["status"] == ATTACKED]
    risked, hits = at_stake(attacked, goal)
    through = hits & ~_flags(risked, "attacked")
    clean, under = (attacked[f"{SUSPICION}_{when}"].to_numpy(dtype=float) for when in ("clean", "attacked"))
    return {
        "false_alarms": _rate(rows, _flags(rows, "clean")),
        "kept": _rate(rows, _right(rows, "clean") & ~_flags(rows, "clean")),
        "caught": _rate(attacked, _flags(attacked, "attacked")),
        "caught_8bit": _rate(attacked, _flags(attacked, "8bit")),
        "stands": _rate(attacked, robust(attacked)),
        "undetected_success": _rate(risked, through),
        "auroc": auroc_over_people(clean, under, attacked["identity"].to_numpy()).as_dict(),
        "roc": roc_points(clean, under),
    }


def has_detector(summary: Mapping[str, Any]) -> bool:
    """Whether a defence of the trial flags pictures."""
    return "flagging" in summary


def left_robust(summary: Mapping[str, Any]) -> Mapping[str, Any]:
    """The share of attacked pictures recognised; where pictures are flagged, recognised or flagged."""
    return summary["flagging"]["stands"] if has_detector(summary) else summary["robust_accuracy"]


def clean_kept(summary: Mapping[str, Any]) -> Mapping[str, Any]:
    """The share of clean pictures recognised; where pictures are flagged, recognised and not flagged."""
    return summary["flagging"]["kept"] if has_detector(summary) else summary["clean_accuracy"]


def came_through(summary: Mapping[str, Any]) -> Mapping[str, Any]:
    """The attack's success; where pictures are flagged, being flagged is failing."""
    return summary["flagging"]["undetected_success"] if has_detector(summary) else summary["attack_success"]


def robust(attacked: pd.DataFrame) -> np.ndarray:
    """bool (N,): which rows of attacked pictures are recognised or, where pictures are flagged, flagged."""
    right = _right(attacked, "attacked")
    return right | _flags(attacked, "attacked") if f"{FLAGGED}_attacked" in attacked else right


def roc_points(clean: np.ndarray, attacked: np.ndarray) -> list[dict[str, float]]:
    """Shares {false_alarms, caught} of clean (N,) and attacked (M,) suspicions above each threshold, ascending."""
    if not len(clean):
        return [{"false_alarms": 0.0, "caught": 0.0}]
    truth = np.repeat([0, 1], [len(clean), len(attacked)])
    false_alarms, caught, _ = roc_curve(truth, np.concatenate([clean, attacked]), drop_intermediate=False)
    return [
        {"false_alarms": share, "caught": found}
        for share, found in zip(false_alarms.tolist(), caught.tolist(), strict=True)
    ]


def _flags(rows: pd.DataFrame, when: str) -> np.ndarray:
    return rows[f"{FLAGGED}_{when}"].to_numpy(dtype=bool)


def _right(rows: pd.DataFrame, when: str) -> np.ndarray:
    return rows[f"correct_{when}"].to_numpy(dtype=bool)


def _rate(rows: pd.DataFrame, hits: np.ndarray) -> dict[str, float | int]:
    return rate_over_people(hits, rows["identity"].to_numpy()).as_dict()
