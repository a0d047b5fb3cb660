"""Spearman's rank correlation with an interval."""

import math

import numpy as np
from scipy import stats

from facetrial.statistics.intervals import Interval, quantile


def spearman(first: np.ndarray, second: np.ndarray) -> Interval:
    """The rank correlation of two figures of the same n things, float (n,) each, and its 95 % interval.

    Fisher's transform with the variance of Bonett and Wright, (1 + r²/2) / (n - 3) (Psychometrika 2000); [-1, 1] with
    three or fewer. NaN where one of both does not vary.
    """
    n = len(first)
    if n < 2 or np.ptp(first) == 0 or np.ptp(second) == 0:
        return Interval(math.nan, -1.0, 1.0, n)
    value = float(stats.spearmanr(first, second).statistic)
    if n <= 3:
        return Interval(value, -1.0, 1.0, n)
    middle = math.atanh(min(max(value, -1 + 1e-9), 1 - 1e-9))
    half = quantile(math.inf) * math.sqrt((1 + value**2 / 2) / (n - 3))
    return Interval(
        value, float(min(value, math.tanh(middle - half))), float(max(value, math.tanh(middle + half))), n
    )
