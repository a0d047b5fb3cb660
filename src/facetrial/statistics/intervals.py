"""Intervals: how far a figure from these pictures may lie from the truth. Pure functions on NumPy arrays.

Within one person it is Wilson's interval. Over many it is Wilson's at as many independent pictures as these are worth
(`likeness.py`), since pictures of one person stand and fall together. How often these intervals hold the truth is
measured by `benchmarks/coverage.py`.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy import stats

from facetrial.core.errors import FacetrialError
from facetrial.core.plain import Measured
from facetrial.statistics.likeness import numbered_people, worth_of_pictures

CONFIDENCE = 0.95
# How intervals over people are called wherever figures are shown.
METHOD = "Wilson's at the effective number of pictures"
METHOD_OF_DIFFERENCES = "Tango's at the effective number of pictures"
_EXTREMES = 6.0  # values at an end of the scale that a mean reckons with beside those seen


@dataclass(frozen=True)
class Interval:
    """A figure with its 95 % interval and its sample size.

    Attributes:
        value: the figure; NaN when there is nothing to measure (n = 0), or where a file has null for an infinite one.
        low: lower end.
        high: upper end.
        n: number of pictures.
    """

    value: Measured
    low: Measured
    high: Measured
    n: int


def wilson(successes: int, n: int) -> Interval:
    """Wilson's score interval for a proportion (Wilson, JASA 1927), in [0, 1]; with n = 0, all of [0, 1].

    Raises:
        FacetrialError: successes outside 0..n.
    """
    if not 0 <= successes <= n:
        raise FacetrialError(f"expected 0 <= successes <= n, found {successes} of {n}.")
    if n == 0:
        return Interval(math.nan, 0.0, 1.0, 0)
    low, high = score_interval(successes / n, n, quantile(math.inf))
    return Interval(successes / n, low, high, int(n))


def rate_over_people(hits: np.ndarray, people: np.ndarray) -> Interval:
    """The share of pictures that are hits, with an interval that knows pictures of one person to be alike.

    Over one person it is Wilson's interval. Over many it is Wilson's at the number of independent pictures that these
    are worth, with the quantile of Student's t that few people call for (Korn and Graubard, Survey Methodology 1998;
    Dean and Pagano, Journal of Survey Statistics and Methodology 2015). It has a width where every picture came out
    the same, and keeps its 95 % with few people and near 0 and 1: `benchmarks/coverage.py`.

    Args:
        hits: bool (N,).
        people: (N,), who is on each picture: names or numbers.
    """
    return _share(hits, people, by_people=False)


def rate_of_people(hits: np.ndarray, people: np.ndarray) -> Interval:
    """The mean over people of each one's share of hits, with an interval as for `rate_over_people`.

    Here all people weigh the same, whatever the number of their pictures. Its n is that of the pictures.

    Args:
        hits: bool (N,).
        people: (N,), who is on each picture.
    """
    return _share(hits, people, by_people=True)


def mean_over_people(values: np.ndarray, people: np.ndarray) -> Interval:
    """The mean of the pictures' values, each in [0, 1], with an interval as for `rate_over_people`.

    Args:
        values: float (N,) in [0, 1].
        people: (N,), who is on each picture.

    Raises:
        FacetrialError: a value outside [0, 1].
    """
    values = np.asarray(values, dtype=np.float64)
    if values.ndim != 1 or not ((values >= 0) & (values <= 1)).all():
        raise FacetrialError(f"a mean needs values in [0, 1], one a picture; found {values}.")
    n = len(values)
    if n == 0:
        return Interval(math.nan, 0.0, 1.0, 0)
    totals, index = numbered_people(people, values)
    mean = float(values.mean())
    worth, freedom = float(n), max(n - 1.0, 1.0)
    if len(totals) > 1:
        found = worth_of_pictures(values, index, totals / n)
        worth, freedom = found.pictures, found.freedom_of_mean
    # Few values near an end say too little of how far others may lie from it: no farther than hits and misses do.
    most = mean * (1 - mean)
    variance = (((values - mean) ** 2).sum() + _EXTREMES * most) / (n + _EXTREMES)
    alike = worth * most / variance if variance > 0 else worth
    return Interval(mean, *score_interval(mean, alike, quantile(freedom)), n)


def quantile(freedom: float) -> float:
    """That of Student's t, between minus and plus which 95 % of it lies; without an end to `freedom` the normal one."""
    return float(stats.t.ppf((1 + CONFIDENCE) / 2, freedom))


def _share(hits: np.ndarray, people: np.ndarray, by_people: bool) -> Interval:
    hits = np.asarray(hits, dtype=bool)
    totals, index = numbered_people(people, hits)
    n = len(hits)
    if len(totals) < 2:
        return wilson(int(hits.sum()), n)
    weights = np.full(len(totals), 1 / len(totals)) if by_people else totals / n
    worth = worth_of_pictures(hits.astype(float), index, weights)
    value = (np.bincount(index, weights=hits) / totals).mean() if by_people else hits.sum() / n
    low, high = score_interval(float(value), worth.pictures, quantile(worth.freedom_of_share))
    return Interval(float(value), low, high, n)


def score_interval(value: float, n: float, z: float) -> tuple[float, float]:
    """Wilson's ends for a share of `n` independent pictures, which need not be a whole number, at a quantile."""
    centre = value + z**2 / (2 * n)
    half = z * math.sqrt(value * (1 - value) / n + z**2 / (4 * n**2))
    scale = 1 + z**2 / n
    low = 0.0 if value == 0 else max(0.0, (centre - half) / scale)
    return float(low), float(1.0 if value == 1 else min(1.0, (centre + half) / scale))
