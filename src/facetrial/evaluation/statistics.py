"""Intervals: how far a figure from these pictures may lie from the truth. Pure functions on numpy arrays.

Wilson's interval within one person; a two-level bootstrap (people, then pictures within each drawn person)
for figures over many, since pictures of one person stand and fall together; the same bootstrap on paired
differences, and McNemar's exact test, for two trials on the same pictures.
"""

import math
from dataclasses import asdict, dataclass

import numpy as np
from scipy import stats

from facetrial.errors import FacetrialError

CONFIDENCE = 0.95
RESAMPLES = 2000
_DRAWS_AT_ONCE = 2_000_000


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
    z = stats.norm.ppf((1 + CONFIDENCE) / 2)
    p = successes / n
    centre = p + z**2 / (2 * n)
    half = z * math.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    scale = 1 + z**2 / n
    low = 0.0 if successes == 0 else max(0.0, (centre - half) / scale)
    high = 1.0 if successes == n else min(1.0, (centre + half) / scale)
    return Interval(p, float(low), float(high), int(n))


def rate_over_people(
    hits: np.ndarray, people: np.ndarray, resamples: int = RESAMPLES, seed: int = 0
) -> Interval:
    """The share of pictures that are hits, with an interval that knows pictures of one person to be alike.

    Over one person it is Wilson's interval. Over many it holds both the percentile interval of the two-level
    bootstrap and Wilson's over all pictures: the bootstrap has no width where every picture came out the
    same, and little where only one or two did not, though the next picture may well differ.

    Args:
        hits: bool (N,).
        people: (N,), who is on each picture: names or numbers.
        resamples: number of bootstrap draws.
        seed: of the draws; the same seed gives the same interval.
    """
    hits = np.asarray(hits, dtype=bool)
    totals, counts = _per_person(people, hits)
    pooled = wilson(int(hits.sum()), len(hits))
    if len(totals) < 2:
        return pooled
    means = _resampled_means(counts[0], np.zeros_like(totals), totals, resamples, seed)
    low, high = _percentiles(means)
    return Interval(pooled.value, min(low, pooled.low), max(high, pooled.high), pooled.n)


def median_over_people(
    values: np.ndarray, people: np.ndarray, resamples: int = RESAMPLES, seed: int = 0
) -> Interval:
    """The median of the pictures' values, which may be infinite, with an interval as for `rate_over_people`.

    Over one person it is the interval between order statistics, which needs no assumption on the distribution;
    over many it also holds the percentiles of the two-level bootstrap.

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
    below = int(stats.binom.ppf((1 - CONFIDENCE) / 2, n, 0.5)) - 1
    low = float(ordered[below]) if below >= 0 else -math.inf
    high = float(ordered[n - 1 - below]) if below >= 0 else math.inf
    _, index = np.unique(people, return_inverse=True)
    if index.max() > 0:
        drawn_low, drawn_high = _percentiles(_resampled_medians(values, index, resamples, seed))
        low, high = min(low, drawn_low), max(high, drawn_high)
    return Interval(_median(ordered), low, high, n)


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

    The interval holds the percentiles of the two-level bootstrap over pairs and, for the reason given at
    `rate_over_people`, the adjusted Wald interval of Agresti and Min (Biostatistics 2005) over all pairs.

    Args:
        first: bool (N,).
        second: bool (N,).
        people: (N,), who is on each picture.
        resamples: number of bootstrap draws.
        seed: of the draws.
    """
    first, second = _same_length(first, second)
    n = len(first)
    if n == 0:
        return Interval(math.nan, -1.0, 1.0, 0)
    totals, (gains, losses) = _per_person(people, second & ~first, first & ~second)
    low, high = _agresti_min(int(gains.sum()), int(losses.sum()), n)
    if len(totals) > 1:
        means = _resampled_means(gains, losses, totals, resamples, seed)
        drawn_low, drawn_high = _percentiles(means)
        low, high = min(low, drawn_low), max(high, drawn_high)
    return Interval(float((gains.sum() - losses.sum()) / n), low, high, n)


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


def _same_length(first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    first, second = np.asarray(first, dtype=bool), np.asarray(second, dtype=bool)
    if first.shape != second.shape or first.ndim != 1:
        raise FacetrialError(
            f"a paired comparison needs the same pictures in both trials, found shapes {first.shape} and "
            f"{second.shape}."
        )
    return first, second


def _per_person(people: np.ndarray, *events: np.ndarray) -> tuple[np.ndarray, list[np.ndarray]]:
    """Each person's number of pictures (P,), and of those on which each event happened."""
    people = np.asarray(people)
    if people.ndim != 1 or any(event.shape != people.shape for event in events):
        raise FacetrialError(
            f"expected one person a picture, found people of shape {people.shape} and figures of shape "
            f"{events[0].shape}."
        )
    _, index = np.unique(people, return_inverse=True)
    count = int(index.max()) + 1 if len(index) else 0
    totals = np.bincount(index, minlength=count)
    return totals, [np.bincount(index, weights=event, minlength=count).astype(np.int64) for event in events]


def _resampled_means(
    gains: np.ndarray, losses: np.ndarray, totals: np.ndarray, resamples: int, seed: int
) -> np.ndarray:
    """float64 (resamples,): (gains - losses) / pictures of each draw of people, then pictures.

    Drawing a person's n pictures with replacement and counting is a multinomial draw, here as two binomials.
    """
    generator = np.random.default_rng(seed)
    gain_rate = gains / totals
    loss_rate = losses / np.maximum(totals - gains, 1)
    means = []
    at_once = max(1, _DRAWS_AT_ONCE // len(totals))
    for start in range(0, resamples, at_once):
        drawn = generator.integers(len(totals), size=(min(at_once, resamples - start), len(totals)))
        pictures = totals[drawn]
        gained = generator.binomial(pictures, gain_rate[drawn])
        lost = generator.binomial(pictures - gained, loss_rate[drawn])
        means.append((gained - lost).sum(axis=1) / pictures.sum(axis=1))
    return np.concatenate(means)


def _resampled_medians(values: np.ndarray, index: np.ndarray, resamples: int, seed: int) -> np.ndarray:
    """float64 (resamples,): the median of each draw of people, then pictures; `index` (N,) numbers the people."""
    generator = np.random.default_rng(seed)
    order = np.argsort(index, kind="stable")
    by_person = values[order]
    totals = np.bincount(index)
    firsts = np.cumsum(totals) - totals
    medians = []
    for _ in range(resamples):
        drawn = generator.integers(len(totals), size=len(totals))
        counts = totals[drawn]
        places = np.repeat(firsts[drawn], counts) + generator.integers(np.repeat(counts, counts))
        medians.append(_median(np.sort(by_person[places])))
    return np.array(medians)


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


def _agresti_min(gains: int, losses: int, n: int) -> tuple[float, float]:
    gain, loss, total = gains + 0.5, losses + 0.5, n + 2
    difference = (gain - loss) / total
    half = stats.norm.ppf((1 + CONFIDENCE) / 2) * math.sqrt(gain + loss - (gain - loss) ** 2 / total) / total
    return float(max(-1.0, difference - half)), float(min(1.0, difference + half))
