"""Intervals over people of figures of pairs: each person is left out in turn (the jackknife).

Pairs share people, so that chance is in the people. What a figure would be without each of them tells how far it
moves with other people (Efron and Stein, "The jackknife estimate of variance", Annals of Statistics 1981; for figures
of pairs Snijders and Borgatti, "Non-parametric standard errors and tests for network statistics", Connections 1999).
The interval is Wilson's at the number of independent pairs that would move as far, with Student's t for few people.
Where a figure is near none or all, too few people differ for the jackknife to see it: the less that rests on, the more
its variance is drawn towards that of pairs of one person, or of one couple of people, that are alike with a
correlation of `USUAL`. `benchmarks/coverage_pairs.py` measures how often these intervals hold the truth.
"""

import math
from dataclasses import dataclass
from typing import Self

import numpy as np

from facetrial.core.errors import FacetrialError
from facetrial.statistics.intervals import Interval, quantile, score_interval
from facetrial.statistics.likeness import USUAL

_AS_MANY = 1.0  # hits or misses that what is taken for granted weighs as much as


@dataclass(frozen=True)
class Units:
    """People, or couples of people, that a figure of pairs is a mean over.

    Attributes:
        count: how many of equal weight they are worth: (sum of w)² / sum of w².
        worth: how many independent pairs, where two of one unit are alike with `USUAL`.
    """

    count: float
    worth: float

    @classmethod
    def of(cls, weights: np.ndarray, pairs: np.ndarray) -> Self:
        """Of units with weights (U,), with so many independent pairs (U,) each; those of no weight are left out."""
        weights, pairs = (np.asarray(values, dtype=np.float64) for values in (weights, pairs))
        if weights.shape != pairs.shape or weights.ndim != 1:
            raise FacetrialError(
                f"each unit needs a weight and a number of pairs, found shapes {weights.shape} and {pairs.shape}."
            )
        there = weights > 0
        if not there.any():
            return cls(0.0, 0.0)
        squares = (weights[there] / weights[there].sum()) ** 2
        alone = squares / np.maximum(pairs[there], 1.0)
        return cls(float(1 / squares.sum()), _worth(squares.sum(), alone.sum()))

    @classmethod
    def alike(cls, count: int, inverse: float) -> Self:
        """Of so many of one weight; `inverse` is the mean of 1 / each one's number of independent pairs."""
        return cls(float(count), _worth(1 / count, inverse / count)) if count else cls(0.0, 0.0)


def left_out_interval(
    value: float, without: np.ndarray, n: int, units: Units, steadier: float = 1.0
) -> Interval:
    """A share with its interval over people.

    Args:
        value: in [0, 1].
        without: float (P,), what it would be without each of the people that it rests on.
        n: number of pairs.
        units: that it is a mean over.
        steadier: by how much less than a share at one threshold it varies where nothing is known of its people.

    Returns:
        All of [0, 1] where nothing is measured, or fewer than two people are left to tell it by.
    """
    people = len(without)
    if n == 0 or not math.isfinite(value):
        return Interval(math.nan, 0.0, 1.0, n)
    if people < 2 or units.worth <= 0 or not np.isfinite(without).all():
        return Interval(float(value), 0.0, 1.0, n)
    alone = value * (1 - value)
    seen = (people - 1) / people * float(((without - without.mean()) ** 2).sum())
    rarer = units.count * min(value, 1 - value)
    spread = (rarer * seen + _AS_MANY * alone / (steadier * units.worth)) / (rarer + _AS_MANY)
    worth = min(alone / spread, float(n)) if spread > 0 else steadier * units.worth
    low, high = score_interval(value, worth, quantile(people - 1))
    return Interval(float(value), min(low, value), max(high, value), n)


def _worth(whole: float, alone: float) -> float:
    """1 / the variance, in units of that of one pair, where pairs of a unit are alike as `USUAL` says.

    Args:
        whole: the variance if they are the same.
        alone: the variance if they have nothing in common.
    """
    return float(1 / (USUAL * whole + (1 - USUAL) * alone))
