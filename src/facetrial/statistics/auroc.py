"""The area under a ROC curve over pictures of people, with its interval."""

import math

import numpy as np
from scipy import stats

from facetrial.core.errors import FacetrialError
from facetrial.statistics.intervals import CONFIDENCE, RESAMPLES, Interval


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
    low, high = np.quantile(areas.astype(float), [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2]).tolist()
    one_sided = min(max(area, 0.5 / n), 1 - 0.5 / n)  # else the variance would be none
    first, second = one_sided / (2 - one_sided), 2 * one_sided**2 / (1 + one_sided)
    spread = (first + second - 2 * one_sided**2) * (n - 1) + one_sided * (1 - one_sided)
    half = stats.norm.ppf((1 + CONFIDENCE) / 2) * math.sqrt(spread) / n
    return Interval(
        area, min(low, max(0.0, one_sided - half), area), max(high, min(1.0, one_sided + half), area), n
    )
