"""Certified accuracy: the share certified right at each radius, beside what an attack left there."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from facetrial.metrics.security_curve import security_curve
from facetrial.statistics.intervals import rate_over_people
from facetrial.trial.certificate import CLASS, RADIUS, Certificate
from facetrial.trial.rows import ABSTAINED


def certified_summary(rows: pd.DataFrame, certificate: Certificate, sigma: float) -> dict[str, Any]:
    """What the summary says: the share of all pictures certified right at each radius; abstentions are wrong."""
    right = rows[CLASS].to_numpy() == rows["identity"].to_numpy()
    radii = np.where(right, rows[RADIUS].to_numpy(dtype=float), -1.0)
    people = rows["identity"].to_numpy()
    largest = float(certificate.radius(np.array([certificate.n]), sigma)[0])
    shown = [sigma / 4 * step for step in range(1 + int(largest / (sigma / 4)))]
    points = [{"radius": r, **rate_over_people(right & (radii >= r), people).as_dict()} for r in shown]
    return {
        "sigma": sigma,
        "n": certificate.n,
        "n0": certificate.n0,
        "alpha": certificate.alpha,
        "largest": largest,
        "abstained": rate_over_people(rows[CLASS].to_numpy() == ABSTAINED, people).as_dict(),
        "points": points,
    }


def left_beside(
    rows: pd.DataFrame, limit: float, goal: str, sizes: Sequence[float], largest: float
) -> list[dict[str, Any]]:
    """What an attack left at each L2 size, to be put beside what is certified: who got no wrong name.

    As the points of `security_curve`, but that an abstention is no wrong name, of a clean picture as of an attacked
    one: a certificate says that the name is not altered, not that the vote is decided.

    Args:
        rows: verdict rows with `smallest`.
        limit: the attack's budget in L2, the largest change that was looked for.
        goal: "dodging" or "impersonation".
        sizes: up to `limit`.
        largest: the largest radius that can be certified; sizes beyond twice of it are left out.
    """
    named_right = rows["correct_clean"].astype(bool) | (rows["predicted_clean"] == ABSTAINED)
    shown = [size for size in sizes if size <= 2.0 * largest]
    if not shown:
        return []
    return security_curve(rows.assign(correct_clean=named_right), "l2", limit, goal, shown)["points"]


def keeps_certificates(rows: pd.DataFrame) -> dict[str, Any]:
    """The check that no attacked picture contradicts its certificate: nearer than the radius, and named otherwise."""
    inside = (rows[CLASS] == rows["identity"]) & (rows["l2"] < rows[RADIUS])
    other = ~rows["predicted_attacked"].isin([ABSTAINED]) & (rows["predicted_attacked"] != rows["identity"])
    broken = rows["file"][inside & other].tolist()
    detail = f"{len(broken)} of {int(inside.sum())} changes within a certified radius changed the name"
    check: Mapping[str, Any] = {
        "passed": not broken,
        "detail": detail + (f": {', '.join(broken[:3])}" if broken else ""),
    }
    return dict(check)
