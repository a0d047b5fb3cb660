"""Whether the figures of a summary are those of the rows that were written, counted by other code."""

import csv
import math
from pathlib import Path

from facetrial.metrics.parts import Outcome
from facetrial.metrics.summary import TrialSummary
from facetrial.trial.pair_trial import ONE_PERSON, TWO_PEOPLE
from facetrial.trial.rows import ATTACKED

_OF_PAIRS = {"True": ONE_PERSON, "False": TWO_PEOPLE}


def recounted(summary: TrialSummary, verdicts: Path) -> Outcome:
    """Reads `verdicts.csv` as text and counts anew what the headline says.

    Args:
        summary: of a trial, of pictures or of pairs.
        verdicts: the file, written.
    """
    with verdicts.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    attacked = [row for row in rows if row["status"] == ATTACKED]
    if summary.goal == "impersonation":
        risked = [row for row in attacked if row["predicted_clean"] != row["target"]]
        hit = [row["predicted_attacked"] == row["target"] for row in risked]
    else:
        risked = [row for row in attacked if _own(row, "clean")]
        hit = [not _own(row, "attacked") for row in risked]
    counted = {
        "clean_accuracy": (sum(_own(row, "clean") for row in rows), len(rows)),
        "robust_accuracy": (sum(_own(row, "attacked") for row in attacked), len(attacked)),
        "robust_accuracy_8bit": (sum(_own(row, "8bit") for row in attacked), len(attacked)),
        "attack_success": (sum(hit), len(risked)),
    }
    wrong = [
        f"{name} says {figure.value:.4g} of {figure.n}, the rows {count} of {n}"
        for name, (count, n) in counted.items()
        if (figure := getattr(summary, name)).n != n or (n and not math.isclose(figure.value, count / n))
    ]
    if (over := summary.over_people) is not None:
        alike = {
            "clean_accuracy": _mean_over_people(rows, [_own(row, "clean") for row in rows]),
            "robust_accuracy": _mean_over_people(attacked, [_own(row, "attacked") for row in attacked]),
            "robust_accuracy_8bit": _mean_over_people(attacked, [_own(row, "8bit") for row in attacked]),
            "attack_success": _mean_over_people(risked, hit),
        }
        wrong += [
            f"{name} says {figure.value:.4g} as a mean over people, the rows {mean:.4g}"
            for name, mean in alike.items()
            if not math.isclose((figure := getattr(over, name)).value, mean) and not math.isnan(mean)
        ]
    if summary.n != len(rows) or summary.not_attackable != len(rows) - len(attacked):
        wrong.append(f"n says {summary.n}, {summary.not_attackable} not attackable; the rows {len(rows)}")
    if wrong:
        return Outcome(
            False, "; ".join(wrong), "this is a fault of Facetrial's: please report it with this folder"
        )
    return Outcome(
        True,
        f"the headline's figures, counted anew from the {len(rows)} rows of {verdicts.name}, are the same",
    )


def _mean_over_people(rows: list[dict[str, str]], hits: list[bool]) -> float:
    """The mean of each person's share of hits, one a row."""
    own: dict[str, list[bool]] = {}
    for row, hit in zip(rows, hits, strict=True):
        own.setdefault(row["identity"], []).append(hit)
    return sum(sum(each) / len(each) for each in own.values()) / len(own) if own else math.nan


def _own(row: dict[str, str], version: str) -> bool:
    """Whether a row names the person whom the picture shows, or judges its pair rightly; not told by `correct`."""
    right = _OF_PAIRS[row["same"]] if "same" in row else row["identity"]
    return row[f"predicted_{version}"] == right
