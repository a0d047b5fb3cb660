"""Two trials over the same pictures: the difference of their rates, its tests, and many tests corrected."""

import math
from collections.abc import Sequence

import numpy as np
from scipy import stats

from facetrial.core.errors import FacetrialError
from facetrial.statistics.cluster_bootstrap import counts_of_people, draws_of_counts, spread_of_mean
from facetrial.statistics.intervals import CONFIDENCE, RESAMPLES, Interval


def paired_difference(
    first: np.ndarray, second: np.ndarray, people: np.ndarray, resamples: int = RESAMPLES, seed: int = 0
) -> Interval:
    """The share of hits in `second` less that in `first`, of the same pictures in the same order, in [-1, 1].

    The interval is the adjusted Wald interval of Agresti and Min (Biostatistics 2005) for paired figures, over many
    people at the number of independent pictures that these are worth in the bootstrap over people, then pairs: see
    `rate_over_people`.

    Args:
        first: bool (N,).
        second: bool (N,).
        people: (N,), who is on each picture.
        resamples: number of bootstrap draws.
        seed: of the draws.
    """
    return paired_test(first, second, people, resamples, seed)[0]


def paired_test(
    first: np.ndarray, second: np.ndarray, people: np.ndarray, resamples: int = RESAMPLES, seed: int = 0
) -> tuple[Interval, float]:
    """The interval of `paired_difference`, and the two-sided p of no difference that goes with it.

    Unlike `mcnemar`, it knows pictures of one person to be alike: p is below 0.05 where the interval leaves out 0.
    """
    first, second = _same_length(first, second)
    n = len(first)
    if n == 0:
        return Interval(math.nan, -1.0, 1.0, 0), math.nan
    totals, (gains, losses) = counts_of_people(people, second & ~first, first & ~second)
    gain, loss = gains.sum() / n, losses.sum() / n
    worth, freedom = float(n), math.inf
    if len(totals) > 1:
        draws = draws_of_counts(gains, losses, totals)
        spread = spread_of_mean(gains - losses, gains + losses, totals, draws, resamples, seed)
        alone = (gain + loss - (gain - loss) ** 2) / n
        if spread.variance > 0:
            worth, freedom = n * min(1.0, alone / spread.variance), spread.freedom
    centre, error = _agresti_min(gain * worth, loss * worth, worth)
    half = stats.t.ppf((1 + CONFIDENCE) / 2, freedom) * error
    found = Interval(float(gain - loss), float(max(-1.0, centre - half)), float(min(1.0, centre + half)), n)
    return found, float(2 * stats.t.sf(abs(centre) / error, freedom))


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


def _agresti_min(gains: float, losses: float, n: float) -> tuple[float, float]:
    """The middle of the interval and its standard error."""
    gain, loss, total = gains + 0.5, losses + 0.5, n + 2
    return (gain - loss) / total, math.sqrt(gain + loss - (gain - loss) ** 2 / total) / total
