"""Whether the changes that the rows tell of lie within the budget, and have the size that the attack claims."""

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from facetrial.checks.base import Check, Evidence, Outcome, does_not_apply, failed, passed
from facetrial.checks.rerun import hits_of
from facetrial.metrics.security_curve import SMALLEST
from facetrial.trial.rows import ATTACKED

_TOLERANCE = 1e-5  # of a norm, for rounding in float32
_PIXEL = 1.2e-7  # by as much may float32 pixels near 1 be off
_LENGTH = 1e-3  # of a change: by how much what is told of it may be off


# By class of the package: the setting that says how much, and how many of its unit make 1.
_SETTINGS = {
    "Linf": ("eps", 255), "L2": ("eps", 1), "L1": ("eps", 1), "RMS": ("rms", 1), "L0": ("pixels", 1),
    "Area": ("area", 1),
}  # fmt: skip


class Referee(Check):
    """The norms in the rows, those of an earlier start too, lie within the budget.

    The referee has looked at the pictures themselves, range and region included, and would have ended the trial.
    """

    def __call__(self, evidence: Evidence) -> Outcome:
        budget, rows = evidence.attack.budget, evidence.rows
        limit, found = _limit(evidence), _sizes(evidence, rows)
        rounding = _PIXEL if budget.norm == "linf" else 0.0
        broken = rows["file"][~(found - rounding <= limit * (1 + _TOLERANCE))].tolist()
        detail = f"range, {budget.norm} budget and region checked on every picture"
        if not broken:
            return passed(detail)
        return failed(
            f"{len(broken)} of {len(rows)} rows break the {budget.norm} budget of {limit:g}: "
            f"{', '.join(broken[:3])}",
            "delete the run's folder shards and start the trial again; if they come back, the attack has a bug",
        )


class Reached(Check):
    """What an attack says of its changes, that they have the budget's full size or not, is what their norms say.

    Who draws a change fills the budget (`Method.fills_budget`), as far as there is room, and says where there was none:
    both are looked at. Who searches may find what fools anywhere within the budget: of that, only a change of full size
    that is said to be smaller is a contradiction.
    """

    def __call__(self, evidence: Evidence) -> Outcome:
        rows = evidence.rows[evidence.rows["status"] == ATTACKED]
        if len(rows) == 0:
            return does_not_apply("no picture was attacked")
        budget, limit = evidence.attack.budget, _limit(evidence)
        if budget.norm == "area":  # of whole pixels
            limit = math.floor(limit * _pixels(evidence)) / _pixels(evidence)
        full = _sizes(evidence, rows) + _PIXEL >= limit * (1 - _TOLERANCE)
        said = rows["reached"].astype(bool)
        smaller = rows["file"][said & ~full].tolist() if evidence.attack.method.fills_budget else []
        larger = rows["file"][~said & full].tolist()
        if not smaller and not larger:
            return passed(
                f"{int(said.sum())} of {len(rows)} changes are said to reach the {budget.norm} budget, as their "
                "norms do"
                if evidence.attack.method.fills_budget
                else f"none of {len(rows)} changes of full size is said to be smaller"
            )
        return failed(
            f"{len(smaller)} of {len(rows)} changes are said to reach the {budget.norm} budget of {limit:g} and do "
            f"not, {len(larger)} do and are said not to: {', '.join([*smaller, *larger][:3])}",
            "the attack's method is wrong about what it returns (`MethodResult.reached`), or changes its pictures "
            "afterwards",
        )


class SmallestChanges(Check):
    """The smallest changes that an attack tells of, on which the curve rests, are those of the pictures it returns.

    Where one is known, the picture's change is as large; where none is, the goal is not met, but for what lies on the
    very boundary: one picture, or one in fifty. The second is left out before a victim that draws, where one lucky
    draw is no smallest change, and of a surrogate, whose boundary is another.
    """

    def __call__(self, evidence: Evidence) -> Outcome:
        rows = evidence.rows[evidence.rows["status"] == ATTACKED]
        if SMALLEST not in rows or len(rows) == 0:
            return does_not_apply("the attack does not look for the smallest change")
        smallest = rows[SMALLEST].astype(float)
        known = smallest <= evidence.attack.budget.limit * (1 + _TOLERANCE)
        off = (smallest - _sizes(evidence, rows)).abs() > _LENGTH * smallest + 1e-6
        other = rows["file"][known & off].tolist()
        missed: list[str] = []
        if not evidence.draws_at_random and evidence.attack.surrogate is None:
            hits = hits_of(rows, evidence.attack.goal.name)
            missed = [file for file in rows["file"][~known] if hits.get(file, False)]
        if not other and len(missed) <= max(1, len(rows) // 50):
            return passed(
                f"{int(known.sum())} of {len(rows)} smallest changes are as large as their pictures' changes"
            )
        return failed(
            f"of {len(rows)} pictures, {len(other)} are changed by another size than the smallest change that is told, "
            f"and {len(missed)} meet the goal with none told: {', '.join([*other, *missed][:3])}",
            "the attack's method is wrong about what it returns (`MethodResult.smallest`, as the budget's limit)",
        )


def _pixels(evidence: Evidence) -> int:
    height, width = evidence.faces.pixels.shape[1:3]
    return int(height * width)


def _sizes(evidence: Evidence, rows: pd.DataFrame) -> pd.Series:
    """The norm of each row's change, in the units of the budget's limit."""
    if (norm := evidence.attack.budget.norm) == "area":
        return rows["pixels_changed"] / _pixels(evidence)
    return rows["pixels_changed" if norm == "l0" else norm]


def _limit(evidence: Evidence) -> float:
    """The budget's limit, where its settings are known by an arithmetic of this file."""
    settings: Mapping[str, Any] = evidence.budget_settings or {}
    package, _, name = str(settings.get("_target_", "")).rpartition(".")
    if not package.startswith("facetrial."):  # somebody's own, whose settings may count anything
        return evidence.attack.budget.limit
    key, unit = _SETTINGS.get(name, ("", 1))
    return float(settings[key]) / unit if key in settings else evidence.attack.budget.limit
