"""Verification of a list of pairs, fold by fold: each at the threshold that is best for the others.

Huang et al., "Labeled Faces in the Wild", 2007, section 4 (View 2). As there, every pair weighs the same. Where people
differ between pairs, so may the pairs' fates: intervals leave out one person at a time, as those of all pairs do.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from torchmetrics.functional.classification import binary_auroc, binary_eer

from facetrial.metrics.tasks.curves import (
    Kind,
    Pairs,
    areas,
    equal_error_rates,
    tails,
    threshold_grid,
)
from facetrial.metrics.tasks.pair_list import Fold, ListOfPairs, PairFigures, PairPoint
from facetrial.metrics.tasks.pair_thresholds import as_chances, threshold_at, thresholds_by_part
from facetrial.metrics.tasks.results import PairCounts, TooFew
from facetrial.metrics.tasks.score_histogram import CELLS, ScoreCounts, cells_of, pairs_needed
from facetrial.metrics.tasks.verification import STEADIER
from facetrial.statistics.intervals import Interval, wilson
from facetrial.statistics.left_out import Units, left_out_interval
from facetrial.statistics.likeness import effective_number
from facetrial.trial.embedding_shards import VERSIONS, Version

FALSE_ACCEPT_RATES = (1e-2, 1e-3)


def protocol_summary(
    about: ListOfPairs,
    similarities: Mapping[Version, np.ndarray],
    attacked: np.ndarray,
    same: np.ndarray,
    people: np.ndarray,
    folds: np.ndarray,
    parts: np.ndarray,
    thresholds: np.ndarray,
) -> PairFigures:
    """What came of a list of pairs.

    Args:
        about: the list.
        similarities: for "clean" float (N,); for "attacked" and "8bit" too, where `attacked` is set.
        attacked: bool (N,), which pairs were attacked.
        same: bool (N,).
        people: int64 (N, 2), who is on both pictures.
        folds: int64 (N,), of the list.
        parts: int64 (D, N), as by `parts_of`.
        thresholds: (N,), at which each pair is judged.
    """
    versions: dict[Version, np.ndarray] = {
        name: np.ones(len(same), dtype=bool) if name == "clean" else attacked for name in similarities
    }
    right = {name: (similarities[name] >= thresholds) == same for name in versions}
    by_fold = [_fold(fold, right, versions, folds, thresholds) for fold in np.unique(folds)]
    clean = [fold.clean.value for fold in by_fold]
    taking_part = {name: _taking_part(people[rows]) for name, rows in versions.items()}
    eer: dict[Version, Interval] = {}
    auroc: dict[Version, Interval] = {}
    for name, rows in versions.items():
        if rows.any() and same[rows].any() and not same[rows].all():
            chances = as_chances(similarities[name][rows], same[rows])
            found = _without_each(similarities[name][rows], same[rows], people[rows])
            curves, units = [kind.without for kind in found.kinds], found.genuine.units
            for figures, figure, value, without in (
                (eer, "eer", binary_eer(*chances), equal_error_rates(*curves)),
                (auroc, "auroc", binary_auroc(*chances), areas(*curves)),
            ):
                figures[name] = left_out_interval(
                    float(value), without, int(rows.sum()), units, STEADIER[figure]
                )
    return PairFigures(
        **vars(about),
        pairs={
            name: PairCounts(int(same[rows].sum()), int((~same[rows]).sum()))
            for name, rows in versions.items()
        },
        people={name: len(sizes) for name, sizes in taking_part.items()},
        effective_people={name: effective_number(sizes) for name, sizes in taking_part.items()},
        accuracy={name: _share(right[name][rows], people[rows]) for name, rows in versions.items()},
        standard_error=float(np.std(clean, ddof=1) / np.sqrt(len(clean))) if len(clean) > 1 else None,
        folds=tuple(by_fold),
        eer=eer,
        auroc=auroc,
        points=tuple(_point(far, similarities, versions, same, people, parts) for far in FALSE_ACCEPT_RATES),
    )


def _taking_part(people: np.ndarray) -> np.ndarray:
    """In how many of these pairs (N, 2) each person of them is, int64 (P,)."""
    alone = people[:, 0] == people[:, 1]
    return np.unique(np.concatenate([people[:, 0], people[~alone, 1]]), return_counts=True)[1]


def _of_people(amounts: np.ndarray, people: np.ndarray) -> np.ndarray:
    """Sums (P, G) of amounts (N, G) of pairs, for each person of them those of the pairs with a part in them."""
    shown, numbers = np.unique(people, return_inverse=True)
    numbers = numbers.reshape(people.shape)
    sums = np.zeros((len(shown), amounts.shape[1]))
    np.add.at(sums, numbers[:, 0], amounts)
    two = numbers[:, 0] != numbers[:, 1]
    np.add.at(sums, numbers[two, 1], amounts[two])
    return sums


def _couples(people: np.ndarray) -> np.ndarray:
    """How many pairs (C,) each person, or couple of people, of these pairs (N, 2) has."""
    return np.unique(np.sort(people, axis=1), axis=0, return_counts=True)[1]


def _share(hits: np.ndarray, people: np.ndarray) -> Interval:
    """The share of pairs (N,) that are hits, each of one weight."""
    n = len(hits)
    if n == 0:
        return left_out_interval(np.nan, np.zeros(0), 0, Units(0.0, 0.0))
    sums = _of_people(np.stack([hits, np.ones(n)], axis=1), people)
    with np.errstate(invalid="ignore"):
        without = (hits.sum() - sums[:, 0]) / (n - sums[:, 1])
    sizes = _couples(people)
    return left_out_interval(float(hits.mean()), without, n, Units.of(sizes, sizes))


def _without_each(similarities: np.ndarray, same: np.ndarray, people: np.ndarray) -> Pairs:
    """The rates without each person, at thresholds by the pairs' own."""
    counts = ScoreCounts.of(similarities[same], similarities[~same])
    grid = threshold_grid(counts, 1 / int((~same).sum()))
    step, steps = np.searchsorted(grid, np.arange(CELLS), side="right")[cells_of(similarities)], len(grid) + 1
    shown, numbers = np.unique(people, return_inverse=True)
    first, second = numbers.reshape(people.shape).T
    kinds = []
    for kind in (same, ~same):
        two = kind & (first != second)
        # A pair counts for each of its people; no table of pairs by steps is made.
        places = np.concatenate([first[kind], second[two]]) * steps + np.concatenate([step[kind], step[two]])
        sums = np.bincount(places, minlength=len(shown) * steps).reshape(-1, steps).astype(float)
        total = np.bincount(step[kind], minlength=steps)
        sizes = _couples(people[kind])
        kinds.append(Kind(int(kind.sum()), sums.sum(1), tails(total - sums), Units.of(sizes, sizes)))
    return Pairs(counts, counts, *kinds)


def _point(
    far: float,
    similarities: Mapping[Version, np.ndarray],
    versions: Mapping[Version, np.ndarray],
    same: np.ndarray,
    people: np.ndarray,
    parts: np.ndarray,
) -> PairPoint | TooFew:
    needed, there = pairs_needed(far), int((~same).sum())
    if there < needed or not same.any():
        return TooFew(far, needed, there, None)
    thresholds = thresholds_by_part(
        similarities["clean"], same, parts, lambda scores, labels: threshold_at(scores, labels, far)
    )
    tar, falsely = (
        {
            version: _share((similarities[version] >= thresholds)[rows & kind], people[rows & kind])
            for version, rows in versions.items()
            if same[rows].any() and not same[rows].all()
        }
        for kind in (same, ~same)
    )
    return PairPoint(far, needed, float(thresholds.mean()), tar, falsely)


def _fold(
    fold: int,
    right: Mapping[Version, np.ndarray],
    versions: Mapping[Version, np.ndarray],
    folds: np.ndarray,
    thresholds: np.ndarray,
) -> Fold:
    here = folds == fold
    clean, attacked, eight_bit = (
        wilson(int(right[name][here & versions[name]].sum()), int((here & versions[name]).sum()))
        for name in VERSIONS
    )
    return Fold(float(thresholds[here].mean()), clean, attacked, eight_bit, int(fold) + 1)


def names_as_numbers(first: Sequence[str], second: Sequence[str]) -> np.ndarray:
    """int64 (N, 2): a number for each person named."""
    _, numbers = np.unique([*first, *second], return_inverse=True)
    return numbers.reshape(2, -1).T.astype(np.int64)
