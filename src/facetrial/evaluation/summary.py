"""The summary of a trial: `summary.json`."""

import json
import math
import platform
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from facetrial.errors import FacetrialError
from facetrial.evaluation.statistics import rate_over_people
from facetrial.evaluation.verdicts import ATTACKED, NOT_ATTACKABLE
from facetrial.files import written_whole

COLUMNS = (
    "file",
    "identity",
    *(f"{what}_{when}" for what in ("predicted", "correct") for when in ("clean", "attacked", "8bit")),
    "status",
    "reached",
)
ABOUT = ("data", "synthetic", "limit", "embedder", "attack", "defense", "goal", "seed", "seconds")
PACKAGES = ("torch", "lightning", "facenet-pytorch", "scikit-learn", "facetrial")


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


def check_rows(rows: pd.DataFrame) -> None:
    """Raises FacetrialError unless `rows` are verdict rows: all columns, one row a picture, known status."""
    if missing := [column for column in COLUMNS if column not in rows]:
        raise FacetrialError(f"verdict rows lack the columns {', '.join(missing)}; found {', '.join(rows)}.")
    if len(rows) == 0:
        raise FacetrialError("a trial without a single picture has no figures; is the test set empty?")
    if not rows["file"].is_unique:
        repeated = rows["file"][rows["file"].duplicated()].iloc[0]
        raise FacetrialError(f"expected one row a picture, found {repeated} more than once.")
    if unknown := set(rows["status"]) - {ATTACKED, NOT_ATTACKABLE}:
        raise FacetrialError(f"expected status {ATTACKED} or {NOT_ATTACKABLE}, found {sorted(unknown)}.")


def _rate(rows: pd.DataFrame, column: str) -> dict[str, float | int]:
    return rate_over_people(rows[column].to_numpy(dtype=bool), rows["identity"].to_numpy()).as_dict()


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


def _attack_success(attacked: pd.DataFrame, goal: str) -> dict[str, float | int]:
    rows, hits = at_stake(attacked, goal)
    return rate_over_people(hits, rows["identity"].to_numpy()).as_dict()


def _ratio(count: int, seconds: float) -> float | None:
    return count / seconds if seconds > 0 else None


def versions() -> dict[str, str]:
    """Python's version and those of the packages that decide a figure."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    return found


def write_json(content: Mapping[str, Any], path: str | Path) -> None:
    """Writes strict JSON, whole: NaN and infinities become null, numpy's numbers plain ones."""
    text = json.dumps(_plain(content), indent=2, ensure_ascii=False, allow_nan=False)
    with written_whole(path) as temporary:
        temporary.write_text(text + "\n", encoding="utf-8")


def read_summary(path: str | Path) -> dict[str, Any]:
    """A `summary.json`.

    Raises:
        FacetrialError: it cannot be read or is not a summary.
    """
    try:
        summary = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise FacetrialError(f"cannot read {path}: {error}. Run the trial again.") from error
    if not isinstance(summary, dict) or "robust_accuracy" not in summary:
        raise FacetrialError(f"{path} is not the summary of a trial. Run the trial again.")
    return summary


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
