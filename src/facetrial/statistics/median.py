"""The median over pictures of people, of values that may be infinite, with its interval."""

import math

import numpy as np
from scipy import stats

from facetrial.core.errors import FacetrialError
from facetrial.statistics.intervals import CONFIDENCE, Interval, quantile
from facetrial.statistics.likeness import numbered_people, worth_of_pictures


def median_over_people(values: np.ndarray, people: np.ndarray) -> Interval:
    """The median of the pictures' values, which may be infinite, with an interval as for `rate_over_people`.

    Over one person it is the interval between order statistics, which needs no assumption on the distribution. Over
    many, the share of pictures below the median would move by so much with other people and pictures; the interval
    lies between the values below which so many less and so many more lie (Woodruff, JASA 1952).

    Args:
        values: float (N,), none NaN.
        people: (N,), who is on each picture.
    """
    values, people = np.asarray(values, dtype=np.float64), np.asarray(people)
    if values.ndim != 1 or values.shape != people.shape or np.isnan(values).any():
        raise FacetrialError(
            f"a median needs one number and one person a picture, found shapes {values.shape} and {people.shape} "
            f"and {int(np.isnan(values).sum())} values that are not numbers."
        )
    n = len(values)
    if n == 0:
        return Interval(math.nan, -math.inf, math.inf, 0)
    ordered = np.sort(values)
    median = float(np.median(ordered))
    totals, index = numbered_people(people, values)
    below = int(stats.binom.ppf((1 - CONFIDENCE) / 2, n, 0.5)) - 1
    if len(totals) > 1:
        under = (values < median).astype(float)
        if (tied := values == median).any():  # as many of them as make up the half
            under[tied] = (n / 2 - under.sum()) / tied.sum()
        worth = worth_of_pictures(under, index, totals / n)
        half = quantile(worth.freedom_of_share) * 0.5 / math.sqrt(worth.pictures)
        below = min(below, math.floor(n * (0.5 - half)) - 1)
    low = float(ordered[below]) if below >= 0 else -math.inf
    high = float(ordered[n - 1 - below]) if below >= 0 else math.inf
    return Interval(median, low, high, n)
