"""People whose chance of being recognised grows with their training pictures."""

from dataclasses import replace

import numpy as np
import pandas as pd

from facetrial.metrics.class_size import ClassSize, Verdicts, class_size_summary
from facetrial.metrics.summary import TrialSummary
from tests.helpers.made_up import about, made_up_summary


def rows_of(
    generator: np.random.Generator, slope: float, count: int = 60, middle: float = 0.0, each: int = 20
) -> tuple[pd.DataFrame, dict[str, int]]:
    """Verdict rows of people whose log-odds of being recognised grow by `slope` with each doubling, from `middle` on.

    Returns:
        The rows, and each person's number of training pictures.
    """
    n_train = {f"P{number:03}": int(2 ** generator.uniform(2, 8)) for number in range(count)}
    names = np.repeat(list(n_train), each)
    doublings = np.log2([n_train[name] for name in names]) - 5
    chance = 1 / (1 + np.exp(-middle - slope * doublings))
    right = generator.random(len(names)) < chance
    rows = pd.DataFrame({"file": [f"{name}/{place}" for place, name in enumerate(names)], "identity": names})
    for version in ("clean", "attacked", "8bit"):
        rows[f"correct_{version}"] = True if version == "clean" else right
        rows[f"predicted_{version}"] = np.where(rows[f"correct_{version}"], names, "somebody")
        rows[f"margin_{version}"] = (
            0.5 + 0.1 * slope * doublings + 0.01 * generator.standard_normal(len(names))
        )
    rows = rows.assign(
        status="attacked", reached=True, rms=0.1, l2=1.0, linf=0.4, pixels_changed=9, region_area=1.0
    )
    return rows.assign(queries=1, steps=1), n_train


def verdicts_of(rows: pd.DataFrame) -> Verdicts:
    """The rows' own, to stand for those of another head."""
    return Verdicts(rows["correct_attacked"].to_numpy(copy=True), rows["margin_clean"].to_numpy(copy=True))


def trial_of(rows: pd.DataFrame, n_train: dict[str, int], found: ClassSize | None = None) -> TrialSummary:
    """The summary of a trial of these rows."""
    summary = made_up_summary(rows, about(), n_train)
    return replace(summary, class_size=found or class_size_summary(rows, n_train, "svm", False))
