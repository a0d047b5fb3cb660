"""Figures in which everyone weighs the same, beside those in which every picture or pair does."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from facetrial.metrics.tasks.results import OverPeople
from facetrial.statistics.intervals import Interval
from facetrial.statistics.left_out import Units, left_out_interval
from facetrial.statistics.likeness import effective_number
from facetrial.trial.embedding_shards import Version


@dataclass(frozen=True)
class Weighed:
    """A figure of one version.

    Attributes:
        figure: everyone of one weight, with its interval over people.
        pooled: the same, every picture or pair of one weight.
        sizes: (P,), how many pictures or pairs each person has a part in.
    """

    figure: Interval
    pooled: float
    sizes: np.ndarray


def over_people(found: Mapping[Version, Weighed]) -> OverPeople:
    """The figures of all versions."""
    return OverPeople(
        over_people={version: one.figure for version, one in found.items()},
        pooled={version: one.pooled for version, one in found.items()},
        people={version: int((one.sizes > 0).sum()) for version, one in found.items()},
        effective_people={version: effective_number(one.sizes) for version, one in found.items()},
    )


def mean_of_people(hits: np.ndarray, people: np.ndarray) -> Weighed:
    """The share of pictures (N,) that are hits, of pictures of `people` (N,)."""
    _, which, sizes = np.unique(people, return_inverse=True, return_counts=True)
    if not len(hits):
        return Weighed(left_out_interval(np.nan, np.zeros(0), 0, Units(0.0, 0.0)), np.nan, sizes)
    own = np.bincount(which, weights=hits) / sizes
    without = (own.sum() - own) / max(len(own) - 1, 1)
    units = Units.of(np.ones(len(own)), sizes)
    return Weighed(left_out_interval(float(own.mean()), without, len(hits), units), float(hits.mean()), sizes)


def mean_of_couples(hits: np.ndarray, totals: np.ndarray, people: np.ndarray, others: np.ndarray) -> Weighed:
    """The share of pairs that are hits, where each couple of two people weighs the same.

    Args:
        hits: int (N,), of the pairs of a picture with those of another person.
        totals: int (N,), these pairs.
        people: int64 (N,), who is on each picture.
        others: int64 (N,), the other person.
    """
    couples, which = np.unique(np.stack([people, others], axis=1), axis=0, return_inverse=True)
    pairs = np.bincount(which.ravel(), weights=totals)
    own = np.bincount(which.ravel(), weights=hits) / pairs
    shown = np.unique(people)
    ends = couples.ravel()  # a couple counts for both of its people
    with_each, parts = (
        np.bincount(ends, weights=weights, minlength=int(ends.max()) + 1)[shown]
        for weights in (np.repeat(own, 2), None)
    )
    with np.errstate(invalid="ignore"):
        without = (own.sum() - with_each) / (len(own) - parts)
    units = Units.of(np.ones(len(own)), pairs)
    n = int(totals.sum())
    sizes = np.bincount(people, weights=totals)
    return Weighed(left_out_interval(float(own.mean()), without, n, units), float(hits.sum() / n), sizes)
