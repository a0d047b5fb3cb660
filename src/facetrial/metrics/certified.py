"""Certified accuracy: the share certified right at each radius, beside what an attack left there."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from facetrial.metrics.security_curve import CurvePoint, security_curve
from facetrial.statistics.intervals import Interval, rate_over_people
from facetrial.trial.certificate import CLASS, RADIUS, Certificate
from facetrial.trial.rows import ABSTAINED


@dataclass(frozen=True)
class CertifiedPoint(Interval):
    """The share certified right at an L2 radius, in [0, 1] units."""

    radius: float


@dataclass(frozen=True)
class Certified:
    """What is certified, and how.

    Attributes:
        sigma: standard deviation of the noise.
        n: noisy copies that bound.
        n0: noisy copies that choose.
        alpha: chance that a certificate is wrong.
        largest: the largest radius that can be certified.
        abstained: the share of pictures on which the victim names nobody.
        points: radii from 0 on.
        left: what the attack left at each L2 size; None where it did not look for the smallest change in L2.
    """

    sigma: float
    n: int
    n0: int
    alpha: float
    largest: float
    abstained: Interval
    points: tuple[CertifiedPoint, ...]
    left: tuple[CurvePoint, ...] | None = None


def certified_summary(rows: pd.DataFrame, certificate: Certificate, sigma: float) -> Certified:
    """The share of all pictures certified right at each radius; abstentions are wrong."""
    right = rows[CLASS].to_numpy() == rows["identity"].to_numpy()
    radii = np.where(right, rows[RADIUS].to_numpy(dtype=float), -1.0)
    people = rows["identity"].to_numpy()
    largest = float(certificate.radius(np.array([certificate.n]), sigma)[0])
    shown = [sigma / 4 * step for step in range(1 + int(largest / (sigma / 4)))]
    return Certified(
        sigma=sigma,
        n=certificate.n,
        n0=certificate.n0,
        alpha=certificate.alpha,
        largest=largest,
        abstained=rate_over_people(rows[CLASS].to_numpy() == ABSTAINED, people),
        points=tuple(
            CertifiedPoint(**vars(rate_over_people(right & (radii >= r), people)), radius=r) for r in shown
        ),
    )


def left_beside(
    rows: pd.DataFrame, limit: float, goal: str, sizes: Sequence[float], largest: float
) -> tuple[CurvePoint, ...]:
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
        return ()
    return security_curve(rows.assign(correct_clean=named_right), "l2", limit, goal, shown).points
