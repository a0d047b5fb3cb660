"""Intervals: how far a figure from these pictures may lie from the truth. Pure functions on numpy arrays.

Wilson's interval within one person; a two-level bootstrap (people, then pictures within each drawn person)
for figures over many, since pictures of one person stand and fall together; the same on paired
differences, and McNemar's exact test, for two trials on the same pictures. How often these intervals hold the truth is
measured by `benchmarks/coverage.py`.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy import stats

from facetrial.core.errors import FacetrialError
from facetrial.core.plain import Measured
from facetrial.statistics.cluster_bootstrap import (
    Spread,
    counts_of_people,
    draws_of_counts,
    draws_of_values,
    numbered_people,
    spread_of_mean,
)

CONFIDENCE = 0.95
RESAMPLES = 2000


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
    low, high = _score_interval(successes / n, n, _normal_quantile())
    return Interval(successes / n, low, high, int(n))


def rate_over_people(
    hits: np.ndarray, people: np.ndarray, resamples: int = RESAMPLES, seed: int = 0
) -> Interval:
    """The share of pictures that are hits, with an interval that knows pictures of one person to be alike.

    Over one person it is Wilson's interval. Over many it is Wilson's at the number of independent pictures that these
    are worth: as many as would make the share vary as much as it does in the bootstrap over people, then pictures
    (`spread_of_mean`), with the quantile of Student's t that few people call for (Korn and Graubard, Survey
    Methodology 1998; Dean and Pagano, Journal of Survey Statistics and Methodology 2015). Unlike the bootstrap's own
    percentiles it has a width where every picture came out the same, and keeps its 95 % with few people and near 0
    and 1: `benchmarks/coverage.py`.

    Args:
        hits: bool (N,).
        people: (N,), who is on each picture: names or numbers.
        resamples: number of bootstrap draws.
        seed: of the draws; the same seed gives the same interval.
    """
    hits = np.asarray(hits, dtype=bool)
    totals, (counts,) = counts_of_people(people, hits)
    pooled = wilson(int(hits.sum()), len(hits))
    if len(totals) < 2:
        return pooled
    none = np.zeros_like(counts)
    spread = spread_of_mean(counts, counts, totals, draws_of_counts(counts, none, totals), resamples, seed)
    return _wilson_at(pooled.value, pooled.n, spread, at_most=pooled.n)


def mean_over_people(
    values: np.ndarray, people: np.ndarray, resamples: int = RESAMPLES, seed: int = 0
) -> Interval:
    """The mean of the pictures' values, each in [0, 1], with an interval as for `rate_over_people`.

    Args:
        values: float (N,) in [0, 1].
        people: (N,), who is on each picture.
        resamples: number of bootstrap draws.
        seed: of the draws.

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
    if len(totals) < 2:
        spread = Spread(float(values.var(ddof=1)) / n if n > 1 else 0.0, max(n - 1.0, 1.0))
    else:
        sums, squares = (np.bincount(index, weights=values**power) for power in (1, 2))
        draws = draws_of_values(values, index, totals)
        spread = spread_of_mean(sums, squares, totals, draws, resamples, seed)
    return _wilson_at(float(values.mean()), n, spread)


def _normal_quantile() -> float:
    return float(stats.norm.ppf((1 + CONFIDENCE) / 2))


def student_quantile(spread: Spread) -> float:
    return float(stats.t.ppf((1 + CONFIDENCE) / 2, spread.freedom))


def _wilson_at(value: float, n: int, spread: Spread, at_most: float = math.inf) -> Interval:
    """Wilson's interval at the number of independent pictures that make a share vary as much as `spread`."""
    alone = value * (1 - value)
    if alone == 0 or spread.variance == 0:
        return Interval(value, *_score_interval(value, n, _normal_quantile()), n)
    worth = min(alone / spread.variance, at_most)
    low, high = _score_interval(value, worth, student_quantile(spread))
    return Interval(value, low, high, n)


def _score_interval(value: float, n: float, quantile: float) -> tuple[float, float]:
    centre = value + quantile**2 / (2 * n)
    half = quantile * math.sqrt(value * (1 - value) / n + quantile**2 / (4 * n**2))
    scale = 1 + quantile**2 / n
    low = 0.0 if value == 0 else max(0.0, (centre - half) / scale)
    return float(low), float(1.0 if value == 1 else min(1.0, (centre + half) / scale))
