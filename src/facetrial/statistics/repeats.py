"""A figure found several times over, as by trainings that differ in their seed alone."""

import math
from collections.abc import Sequence

import numpy as np
from scipy import stats

from facetrial.core.errors import FacetrialError
from facetrial.statistics.intervals import Interval, quantile


def mean_of_repeats(differences: Sequence[float], resolution: float) -> tuple[Interval, float]:
    """The mean of differences in [-1, 1], one a repeat, with Student's interval and its two-sided p of no difference.

    Args:
        differences: one a repeat.
        resolution: the least by which two may differ, above 0, such as one picture's share. Repeats that agree by
            chance are not known better than that: their spread counts as rounding's at least, resolution / √12.

    Returns:
        The interval, whose n is the number of repeats, and p. With one repeat nothing is known of others: the interval
        is all of [-1, 1] and p is NaN.

    Raises:
        FacetrialError: there is none.
    """
    values, n = np.asarray(differences, dtype=np.float64), len(differences)
    if n == 0:
        raise FacetrialError("a mean over repeats needs one at least, found none.")
    mean = float(values.mean())
    if n == 1:
        return Interval(mean, -1.0, 1.0, 1), math.nan
    error = max(float(values.std(ddof=1)), resolution / math.sqrt(12)) / math.sqrt(n)
    half = quantile(n - 1) * error
    p = float(2 * stats.t.sf(abs(mean) / error, n - 1))
    return Interval(mean, max(-1.0, mean - half), min(1.0, mean + half), n), p
