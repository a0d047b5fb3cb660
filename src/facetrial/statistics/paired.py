"""Two trials over the same pictures: the difference of their rates, its tests, and many tests corrected."""

import math
from collections.abc import Sequence

import numpy as np
from scipy import optimize, stats

from facetrial.core.errors import FacetrialError
from facetrial.statistics.intervals import Interval, quantile
from facetrial.statistics.likeness import numbered_people, worth_of_pictures


def paired_difference(first: np.ndarray, second: np.ndarray, people: np.ndarray) -> Interval:
    """The share of hits in `second` less that in `first`, of the same pictures in the same order, in [-1, 1].

    The interval is the score interval of Tango ("Equivalence test and confidence interval for the difference in
    proportions for the paired-sample design", Statistics in Medicine 1998), over many people at the number of
    independent pictures that these are worth: see `rate_over_people`.

    Args:
        first: bool (N,).
        second: bool (N,).
        people: (N,), who is on each picture.
    """
    return paired_test(first, second, people)[0]


def paired_test(first: np.ndarray, second: np.ndarray, people: np.ndarray) -> tuple[Interval, float]:
    """The interval of `paired_difference`, and the two-sided p of no difference that goes with it.

    Unlike `mcnemar`, it knows pictures of one person to be alike: p is below 0.05 where the interval leaves out 0.
    """
    first, second = _same_length(first, second)
    n = len(first)
    if n == 0:
        return Interval(math.nan, -1.0, 1.0, 0), math.nan
    change = second.astype(float) - first
    totals, index = numbered_people(people, change)
    worth, freedom = float(n), math.inf
    if len(totals) > 1:
        found = worth_of_pictures(change, index, totals / n)
        worth, freedom = found.pictures, found.freedom_of_share
    gains, losses = worth * float((change > 0).mean()), worth * float((change < 0).mean())
    low, high = _tango(gains, losses, worth, quantile(freedom))
    apart = abs(gains - losses) / math.sqrt(gains + losses) if gains + losses else 0.0
    return Interval(float(change.mean()), low, high, n), float(2 * stats.t.sf(apart, freedom))


def mcnemar(first: np.ndarray, second: np.ndarray) -> float:
    """Two-sided p of McNemar's exact test that hits are as likely in `first` as in `second`, bool (N,) each.

    The test takes pictures as independent, so that over several people its p is too small rather than too
    large; a claim should rest on the interval of `paired_difference`.
    """
    first, second = _same_length(first, second)
    gains, losses = int((second & ~first).sum()), int((first & ~second).sum())
    return float(stats.binomtest(gains, gains + losses, 0.5).pvalue) if gains + losses else 1.0


def holm(ps: Sequence[float] | np.ndarray) -> np.ndarray:
    """p of many tests, corrected so that the chance of any false claim among them stays below the level.

    Holm, "A simple sequentially rejective multiple test procedure" (Scandinavian Journal of Statistics, 1979). Tests
    that could not be made (NaN) do not count and stay NaN.

    Returns:
        float (N,), in the order of `ps`.
    """
    ps = np.asarray(ps, dtype=np.float64)
    corrected = np.full(ps.shape, np.nan)
    made = np.flatnonzero(~np.isnan(ps))
    order = made[np.argsort(ps[made], kind="stable")]
    steps = ps[order] * np.arange(len(order), 0, -1)
    corrected[order] = np.minimum(1.0, np.maximum.accumulate(steps))
    return corrected


def _same_length(first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    first, second = np.asarray(first, dtype=bool), np.asarray(second, dtype=bool)
    if first.shape != second.shape or first.ndim != 1:
        raise FacetrialError(
            f"a paired comparison needs the same pictures in both trials, found shapes {first.shape} and "
            f"{second.shape}."
        )
    return first, second


def _tango(gains: float, losses: float, n: float, z: float) -> tuple[float, float]:
    """The differences that a score test at the quantile `z` does not reject, from numbers that need not be whole."""

    def beyond(difference: float) -> float:
        """By how much the score of that difference lies outside -z to z."""
        linear = (2 * n - gains + losses) * difference - gains - losses
        root = math.sqrt(max(linear**2 + 8 * n * losses * difference * (1 - difference), 0.0))
        share = max((root - linear) / (4 * n), 0.0)  # of losses, as likely as may be with that difference
        variance = n * (2 * share + difference * (1 - difference))
        distance = abs(gains - losses - n * difference)
        return distance - z * math.sqrt(max(variance, 0.0))

    value, next_to_it = (gains - losses) / n, 1e-9  # at the value itself nothing may vary
    low = max(value - next_to_it, -1.0)
    high = min(value + next_to_it, 1.0)
    return (
        float(optimize.brentq(beyond, -1.0, low)) if beyond(-1.0) > 0 else -1.0,
        float(optimize.brentq(beyond, high, 1.0)) if beyond(1.0) > 0 else 1.0,
    )
