"""The area under a ROC curve over pictures of people, with its interval."""

import math

import numpy as np

from facetrial.core.errors import FacetrialError
from facetrial.statistics.intervals import Interval, quantile, score_interval
from facetrial.statistics.likeness import EXPECTED_APART, USUAL, numbered_people


def auroc_over_people(negatives: np.ndarray, positives: np.ndarray, people: np.ndarray) -> Interval:
    """The chance that a positive is above a negative, ties by half: the area under the ROC curve.

    Its variance is that of people's sums of placement values (Obuchowski, "Nonparametric analysis of clustered ROC
    curve data", Biometrics 1997), drawn towards that of Hanley and McNeil (Radiology 1982) at a usual likeness where
    few pictures are out of order; the interval is Wilson's at the number of pictures that would vary as much.

    Args:
        negatives: float (N,), of the clean pictures.
        positives: float (N,), of the same pictures attacked.
        people: (N,), who is on each picture.

    Raises:
        FacetrialError: not the same pictures.
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
    totals, index = numbered_people(people, negatives)
    if len(totals) < 2:  # then each picture stands for itself
        totals, index = np.ones(n), np.arange(n)
    below, above = placements(negatives, positives), 1 - placements(positives, negatives)
    area, units = float(below.mean()), len(totals)
    sums = np.bincount(index, weights=(below - area) + (above - area)) / n
    found = units / (units - 1) * float((sums**2).sum()) if units > 1 else 0.0
    one_sided = min(max(area, 0.5 / n), 1 - 0.5 / n)  # else the variance would be none
    alike = 1 + USUAL * (float((totals**2).sum()) / n - 1)
    usual = alike * hanley_mcneil(one_sided, n)
    apart = n - int(np.unique(below, return_counts=True)[1].max())
    variance = (apart * found + EXPECTED_APART * usual) / (apart + EXPECTED_APART)
    low, high = score_interval(area, one_sided * (1 - one_sided) / variance, quantile(max(units - 1, 1)))
    return Interval(area, low, high, n)


def placements(values: np.ndarray, others: np.ndarray) -> np.ndarray:
    """The share of `values` (N,) below each of `others` (M,), ties by half, (M,)."""
    ordered = np.sort(values)
    below, up_to = (np.searchsorted(ordered, others, side) for side in ("left", "right"))
    return np.asarray((below + up_to) / (2 * len(values)))


def hanley_mcneil(area: float, n: int) -> float:
    """The variance of an area under the ROC curve of `n` independent positives and as many negatives."""
    first, second = area / (2 - area), 2 * area**2 / (1 + area)
    return ((first + second - 2 * area**2) * (n - 1) + area * (1 - area)) / n**2
