"""Intervals: how far a figure from these pictures may lie from the truth. Pure functions on numpy arrays.

Wilson's interval within one person; a two-level bootstrap (people, then pictures within each drawn person)
for figures over many, since pictures of one person stand and fall together; the same on paired
differences, and McNemar's exact test, for two trials on the same pictures. How often these intervals hold the truth is
measured by `benchmarks/coverage.py`.
"""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
from scipy import stats

from facetrial.errors import FacetrialError
from facetrial.evaluation.spread import Spread, draws_of_counts, draws_of_values, spread_of_mean

CONFIDENCE = 0.95
RESAMPLES = 2000


@dataclass(frozen=True)
class Interval:
    """A figure with its 95 % interval and its sample size.

    Attributes:
        value: the figure; NaN when there is nothing to measure (n = 0).
        low: lower end.
        high: upper end.
        n: number of pictures.
    """

    value: float
    low: float
    high: float
    n: int

    def as_dict(self) -> dict[str, float | int]:
        return asdict(self)


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
    totals, (counts,) = _per_person(people, hits)
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
    totals, index = _numbered(people, values)
    if len(totals) < 2:
        spread = Spread(float(values.var(ddof=1)) / n if n > 1 else 0.0, max(n - 1.0, 1.0))
    else:
        sums, squares = (np.bincount(index, weights=values**power) for power in (1, 2))
        draws = draws_of_values(values, index, totals)
        spread = spread_of_mean(sums, squares, totals, draws, resamples, seed)
    return _wilson_at(float(values.mean()), n, spread)


def median_over_people(
    values: np.ndarray, people: np.ndarray, resamples: int = RESAMPLES, seed: int = 0
) -> Interval:
    """The median of the pictures' values, which may be infinite, with an interval as for `rate_over_people`.

    Over one person it is the interval between order statistics, which needs no assumption on the distribution. Over
    many, the share of pictures below the median would move by so much with other people and pictures; the interval
    lies between the values below which so many less and so many more lie (Woodruff, JASA 1952).

    Args:
        values: float (N,), none NaN.
        people: (N,), who is on each picture.
        resamples: number of bootstrap draws.
        seed: of the draws.
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
    median = _median(ordered)
    totals, index = _numbered(people, values)
    below = int(stats.binom.ppf((1 - CONFIDENCE) / 2, n, 0.5)) - 1
    if len(totals) > 1:
        under = (values < median).astype(float)
        if (tied := values == median).any():  # as many of them as make up the half
            under[tied] = (n / 2 - under.sum()) / tied.sum()
        sums, squares = (np.bincount(index, weights=under**power) for power in (1, 2))
        draws = draws_of_values(under, index, totals)
        spread = spread_of_mean(sums, squares, totals, draws, resamples, seed)
        half = _quantile(spread) * math.sqrt(spread.variance)
        below = min(below, math.floor(n * (0.5 - half)) - 1)
    low = float(ordered[below]) if below >= 0 else -math.inf
    high = float(ordered[n - 1 - below]) if below >= 0 else math.inf
    return Interval(median, low, high, n)


def auroc_over_people(
    negatives: np.ndarray,
    positives: np.ndarray,
    people: np.ndarray,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Interval:
    """The chance that a positive is above a negative, ties by half: the area under the ROC curve.

    Both values of a picture are drawn together, people first, then their pictures; the interval holds the percentiles
    of these draws and Hanley and McNeil's (Radiology 1982), which has a width where all draws are the same.

    Args:
        negatives: float (N,), of the clean pictures.
        positives: float (N,), of the same pictures attacked.
        people: (N,), who is on each picture.
        resamples: number of bootstrap draws.
        seed: of the draws.
    """
    negatives, positives = np.asarray(negatives, dtype=float), np.asarray(positives, dtype=float)
    people = np.asarray(people)
    if negatives.shape != positives.shape or negatives.shape != people.shape or negatives.ndim != 1:
        raise FacetrialError(
            f"the same pictures are needed clean and attacked, found shapes {negatives.shape}, {positives.shape} and "
            f"{people.shape}."
        )
    n = len(negatives)
    if n == 0:
        return Interval(math.nan, 0.0, 1.0, 0)
    above = (positives[:, None] > negatives).astype(np.float32)
    above += 0.5 * (positives[:, None] == negatives)
    area = float(above.mean())
    _, index = np.unique(people, return_inverse=True)
    totals = np.bincount(index)
    order, firsts = np.argsort(index, kind="stable"), np.cumsum(totals) - totals
    generator = np.random.default_rng(seed)
    weights = np.zeros((resamples, n), dtype=np.float32)
    for row in weights:
        drawn = generator.integers(len(totals), size=len(totals))
        counts = totals[drawn]
        places = np.repeat(firsts[drawn], counts) + generator.integers(np.repeat(counts, counts))
        row += np.bincount(order[places], minlength=n)
    areas = ((weights @ above) * weights).sum(1) / weights.sum(1) ** 2
    low, high = _percentiles(areas.astype(float))
    one_sided = min(max(area, 0.5 / n), 1 - 0.5 / n)  # else the variance would be none
    first, second = one_sided / (2 - one_sided), 2 * one_sided**2 / (1 + one_sided)
    spread = (first + second - 2 * one_sided**2) * (n - 1) + one_sided * (1 - one_sided)
    half = stats.norm.ppf((1 + CONFIDENCE) / 2) * math.sqrt(spread) / n
    return Interval(
        area, min(low, max(0.0, one_sided - half), area), max(high, min(1.0, one_sided + half), area), n
    )


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
    totals, (gains, losses) = _per_person(people, second & ~first, first & ~second)
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
    discordant = gains + losses
    if discordant == 0:
        return 1.0
    return float(min(1.0, 2.0 * stats.binom.cdf(min(gains, losses), discordant, 0.5)))


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


def _numbered(people: np.ndarray, figures: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Each person's number of pictures (P,), and for each picture the number of its person (N,)."""
    people = np.asarray(people)
    if people.ndim != 1 or figures.shape != people.shape:
        raise FacetrialError(
            f"expected one person a picture, found people of shape {people.shape} and figures of shape "
            f"{figures.shape}."
        )
    _, index = np.unique(people, return_inverse=True)
    return np.bincount(index, minlength=int(index.max()) + 1 if len(index) else 0), index


def _per_person(people: np.ndarray, *events: np.ndarray) -> tuple[np.ndarray, list[np.ndarray]]:
    """Each person's number of pictures (P,), and of those on which each event happened."""
    totals, index = _numbered(people, events[0])
    return totals, [
        np.bincount(index, weights=event, minlength=len(totals)).astype(np.int64) for event in events
    ]


def _median(ordered: np.ndarray) -> float:
    """The median of sorted values; of two middle ones of which one is infinite, that one."""
    return float((ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) / 2)


def _percentiles(values: np.ndarray) -> tuple[float, float]:
    # Between two drawn values none is made up: one of them may be infinite.
    tail = (1 - CONFIDENCE) / 2
    finite = bool(np.isfinite(values).all())
    low = np.quantile(values, tail, method="linear" if finite else "lower")
    high = np.quantile(values, 1 - tail, method="linear" if finite else "higher")
    return float(low), float(high)


def _normal_quantile() -> float:
    return float(stats.norm.ppf((1 + CONFIDENCE) / 2))


def _quantile(spread: Spread) -> float:
    return float(stats.t.ppf((1 + CONFIDENCE) / 2, spread.freedom))


def _wilson_at(value: float, n: int, spread: Spread, at_most: float = math.inf) -> Interval:
    """Wilson's interval at the number of independent pictures that make a share vary as much as `spread`."""
    alone = value * (1 - value)
    if alone == 0 or spread.variance == 0:
        return Interval(value, *_score_interval(value, n, _normal_quantile()), n)
    worth = min(alone / spread.variance, at_most)
    low, high = _score_interval(value, worth, _quantile(spread))
    return Interval(value, low, high, n)


def _score_interval(value: float, n: float, quantile: float) -> tuple[float, float]:
    centre = value + quantile**2 / (2 * n)
    half = quantile * math.sqrt(value * (1 - value) / n + quantile**2 / (4 * n**2))
    scale = 1 + quantile**2 / n
    low = 0.0 if value == 0 else max(0.0, (centre - half) / scale)
    return float(low), float(1.0 if value == 1 else min(1.0, (centre + half) / scale))


def _agresti_min(gains: float, losses: float, n: float) -> tuple[float, float]:
    """The middle of the interval and its standard error."""
    gain, loss, total = gains + 0.5, losses + 0.5, n + 2
    return (gain - loss) / total, math.sqrt(gain + loss - (gain - loss) ** 2 / total) / total
