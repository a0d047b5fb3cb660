"""Whether the figures of a summary are those of the rows that were written, counted by other code."""

import csv
import math
from pathlib import Path

from facetrial.checks.figures.beside import curve_beside, flags_beside, knows_people
from facetrial.metrics.parts import Outcome
from facetrial.metrics.summary import TrialSummary
from facetrial.runtime.csv_cells import as_cell
from facetrial.statistics.intervals import Interval
from facetrial.trial.pair_trial import ONE_PERSON, TWO_PEOPLE
from facetrial.trial.rows import ATTACKED

Row = dict[str, str]
_HEADLINE = ("clean_accuracy", "robust_accuracy", "robust_accuracy_8bit", "attack_success")
_NEAR = 1e-5
_OF_PAIRS = {"True": ONE_PERSON, "False": TWO_PEOPLE}


def recounted(summary: TrialSummary, verdicts: Path) -> Outcome:
    """Reads `verdicts.csv` as text and counts anew what the headline says, and people, curve, flags and certificates.

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
    wrong += _beside(summary, rows, attacked)
    told = {"clean_accuracy": rows, "robust_accuracy": attacked, "robust_accuracy_8bit": attacked}
    versions = {"clean_accuracy": "clean", "robust_accuracy": "attacked", "robust_accuracy_8bit": "8bit"}
    hits = {name: [_own(row, versions[name]) for row in own] for name, own in told.items()}
    wrong += [
        f"{name}'s interval takes pictures of one person as independent"
        for name, own in {**told, "attack_success": risked}.items()
        if summary.per_identity
        and not knows_people(getattr(summary, name), [row["identity"] for row in own], hits.get(name, hit))
    ]
    if summary.flagging is not None:
        wrong += flags_beside(summary.flagging, attacked, risked, hit)
    if summary.n != len(rows) or summary.not_attackable != len(rows) - len(attacked):
        wrong.append(f"n says {summary.n}, {summary.not_attackable} not attackable; the rows {len(rows)}")
    if wrong:
        return Outcome(
            False, "; ".join(wrong), "this is a fault of Facetrial's: please report it with this folder"
        )
    return Outcome(
        True,
        f"the headline's figures and those beside it, counted anew from the {len(rows)} rows of {verdicts.name}, are "
        "the same",
    )


def _beside(summary: TrialSummary, rows: list[Row], attacked: list[Row]) -> list[str]:
    """What is wrong in people's own figures, the curve, what is flagged, what is certified, and in intervals."""
    counted: dict[str, tuple[Interval, list[bool]]] = {}
    beside: list[str] = []
    of_person: dict[str, list[Row]] = {}
    for row in rows if summary.per_identity else []:
        of_person.setdefault(row["identity"], []).append(row)
    for name, person in summary.per_identity.items():
        own = of_person.get(as_cell(name), [])
        under = [row for row in own if row["status"] == ATTACKED]
        counted[f"{name}'s clean accuracy"] = person.clean, [_own(row, "clean") for row in own]
        counted[f"{name}'s robust accuracy"] = person.robust, [_own(row, "attacked") for row in under]
    if (curve := summary.curve) is not None:
        unit = 255.0 if curve.norm == "linf" else 1.0
        fooled = [
            0.0 if curve.goal == "dodging" and not _own(row, "clean") else unit * float(row["smallest"])
            for row in attacked
        ]
        beside += curve_beside(curve, fooled)
        counted["curve.clean"] = curve.clean, [size > 0 for size in fooled]
        for point in curve.points:
            counted[f"curve at {point.size:g}"] = point, [size > point.size for size in fooled]
    if (flagging := summary.flagging) is not None:
        right, caught = (
            [_own(row, "attacked") for row in attacked],
            [_flagged(row, "attacked") for row in attacked],
        )
        counted["flagging.caught"] = flagging.caught, caught
        counted["flagging.stands"] = flagging.stands, [a or b for a, b in zip(right, caught, strict=True)]
        counted["flagging.false_alarms"] = flagging.false_alarms, [_flagged(row, "clean") for row in rows]
        counted["flagging.kept"] = (
            flagging.kept,
            [_own(row, "clean") and not _flagged(row, "clean") for row in rows],
        )
    if (certified := summary.certified) is not None:
        for radius in certified.points:
            counted[f"certified at {radius.radius:g}"] = (
                radius,
                [
                    row["certified_class"] == row["identity"]
                    and float(row["certified_radius"]) >= radius.radius
                    for row in rows
                ],
            )
    wrong = beside + [
        f"{name} says {figure.value:.4g} of {figure.n}, the rows {sum(hits)} of {len(hits)}"
        for name, (figure, hits) in counted.items()
        if figure.n != len(hits) or (hits and not math.isclose(figure.value, sum(hits) / len(hits)))
    ]
    wrong += [
        f"{row['file']} is flagged {version} and its suspicion is {row[f'suspicion_{version}']}, or neither"
        for row in rows
        for version in ("clean", "attacked")
        if f"suspicion_{version}" in row
        and _flagged(row, version) != (float(row[f"suspicion_{version}"]) > 1)
    ][:3]
    headline = {name: getattr(summary, name) for name in _HEADLINE}
    told = [*headline.items(), *((name, figure) for name, (figure, _) in counted.items())]
    return wrong + [
        f"{name} is {figure.value:.4g} of {figure.n}, and its interval from {figure.low:.4g} to {figure.high:.4g}"
        for name, figure in told
        if not _holds(figure)
    ]


def _holds(figure: Interval) -> bool:
    """Whether an interval holds its figure, and is no narrower than Wilson's of as many independent pictures."""
    if figure.n == 0:
        return True
    n, z, value = figure.n, 1.959964, figure.value
    middle = (value + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(value * (1 - value) / n + z * z / (4 * n * n))
    return -_NEAR <= figure.low <= middle - half + _NEAR and middle + half - _NEAR <= figure.high <= 1 + _NEAR


def _mean_over_people(rows: list[Row], hits: list[bool]) -> float:
    """The mean of each person's share of hits, one a row."""
    own: dict[str, list[bool]] = {}
    for row, hit in zip(rows, hits, strict=True):
        own.setdefault(row["identity"], []).append(hit)
    return sum(sum(each) / len(each) for each in own.values()) / len(own) if own else math.nan


def _own(row: Row, version: str) -> bool:
    """Whether a row names the person whom the picture shows, or judges its pair rightly; not told by `correct`."""
    right = _OF_PAIRS[row["same"]] if "same" in row else row["identity"]
    return row[f"predicted_{version}"] == right


def _flagged(row: Row, version: str) -> bool:
    return row[f"flagged_{version}"] == "True"
