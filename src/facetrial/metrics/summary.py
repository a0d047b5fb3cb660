"""The summary of a trial: `summary.json`."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from facetrial.core.errors import FacetrialError
from facetrial.metrics.summary_json import versions
from facetrial.statistics.intervals import rate_over_people
from facetrial.trial.rows import ATTACKED, at_stake, check_rows

ABOUT = ("data", "synthetic", "limit", "embedder", "attack", "defense", "goal", "seed", "seconds")


def summarise(
    rows: pd.DataFrame,
    about: Mapping[str, Any],
    n_train: Mapping[str, int],
    checks: Mapping[str, Mapping[str, Any]],
) -> dict[str, Any]:
    """What a trial found, as plain values.

    Every figure is {value, low, high, n}: a proportion, its 95 % interval and its number of pictures.
    `clean_accuracy` is over all pictures; `robust_accuracy`, `robust_accuracy_8bit` and `attack_success` over
    those that could be attacked, those on which the attack missed its budget (`not_reached`) among them.

    Args:
        rows: one row a picture, with `COLUMNS`; under the goal impersonation also `target`, a person's name.
        about: `data`, `synthetic`, `limit` (None = all pictures), `embedder`, `attack`, `defense`, `goal`,
            `seed`, `seconds`, and `images_per_second` unless it is n / seconds.
        n_train: number of training pictures for each person's name.
        checks: for each check's name `passed` (bool) and `detail` (str), maybe `remedy` (str): what to do.

    Raises:
        FacetrialError: rows, `about` or `n_train` lack something.
    """
    check_rows(rows)
    if missing := [key for key in ABOUT if key not in about]:
        raise FacetrialError(f"a summary needs {', '.join(missing)} in `about`, found {', '.join(about)}.")
    if strangers := sorted(set(rows["identity"]) - set(n_train)):
        raise FacetrialError(f"no number of training pictures for {', '.join(strangers[:5])}.")
    attacked = rows[rows["status"] == ATTACKED]
    seconds = float(about["seconds"])
    speed = about["images_per_second"] if "images_per_second" in about else _ratio(len(rows), seconds)
    return {
        **{key: about[key] for key in ABOUT if key != "seconds"},
        "n": len(rows),
        "not_attackable": int(len(rows) - len(attacked)),
        "not_reached": int((~attacked["reached"].astype(bool)).sum()),
        "clean_accuracy": _rate(rows, "correct_clean"),
        "robust_accuracy": _rate(attacked, "correct_attacked"),
        "robust_accuracy_8bit": _rate(attacked, "correct_8bit"),
        "attack_success": _attack_success(attacked, about["goal"]),
        "per_identity": {
            str(name): {
                "n_train": int(n_train[name]),
                "n_test": len(own),
                "clean": _rate(own, "correct_clean"),
                "robust": _rate(own[own["status"] == ATTACKED], "correct_attacked"),
            }
            for name, own in rows.groupby("identity", sort=True)
        },
        "checks": {name: dict(check) for name, check in checks.items()},
        "trusted": bool(checks) and all(bool(check["passed"]) for check in checks.values()),
        "seconds": seconds,
        "images_per_second": speed,
        "cost": about.get("cost"),
        "versions": versions(),
    }


def is_naive(summary: Mapping[str, Any]) -> bool:
    """Whether the attack was made as if there were no defence (`attack.adaptive=false`)."""
    return not (summary.get("attack_parts") or {}).get("adaptive", True)


def only_naive(summary: Mapping[str, Any]) -> bool:
    """Whether nothing but this keeps a trial from being trusted: its attack was not to know the defence."""
    failed = [name for name, check in summary["checks"].items() if not check["passed"]]
    return is_naive(summary) and failed == ["adaptive"]


def _rate(rows: pd.DataFrame, column: str) -> dict[str, float | int]:
    return rate_over_people(rows[column].to_numpy(dtype=bool), rows["identity"].to_numpy()).as_dict()


def _attack_success(attacked: pd.DataFrame, goal: str) -> dict[str, float | int]:
    rows, hits = at_stake(attacked, goal)
    return rate_over_people(hits, rows["identity"].to_numpy()).as_dict()


def _ratio(count: int, seconds: float) -> float | None:
    return count / seconds if seconds > 0 else None
