"""Verification of a list of pairs, fold by fold: each at the threshold that is best for the others.

Huang et al., "Labeled Faces in the Wild", 2007, section 4 (View 2). Where people differ between pairs, so may the
pairs' fates: intervals draw people anew, as those of all pairs do.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torchmetrics.functional.classification import binary_auroc, binary_eer, binary_roc

from facetrial.metrics.tasks.all_pairs import (
    RESAMPLES,
    Pairs,
    equal_error_rates,
    interval_of,
    people_draws,
    places_at,
    read_at,
)
from facetrial.metrics.tasks.results import Fold, ListOfPairs, PairCounts, PairFigures, PairPoint, TooFew
from facetrial.metrics.tasks.score_histogram import LEAST_EXPECTED, ScoreCounts, pairs_needed
from facetrial.statistics.intervals import Interval, wilson
from facetrial.trial.embedding_shards import VERSIONS, Version

PARTS = 10  # of a single fold
FALSE_ACCEPT_RATES = (1e-2, 1e-3)


def parts_of(folds: np.ndarray, same: np.ndarray, split_seed: int) -> tuple[np.ndarray, str]:
    """The parts (N,) whose thresholds come from the others, and how they were made, in words.

    Args:
        folds: int64 (N,), of the list.
        same: bool (N,).
        split_seed: by which a single fold is cut into `PARTS`, or as many as it has pairs of each kind.
    """
    if len(np.unique(folds)) > 1:
        return (
            folds,
            f"each of the {len(np.unique(folds))} folds at the threshold that is best for the others",
        )
    parts = np.empty(len(folds), dtype=np.int64)
    count = min(PARTS, int(same.sum()), int((~same).sum()))
    generator = np.random.default_rng([split_seed, 3])
    for kind in (same, ~same):
        parts[kind] = generator.permutation(np.arange(int(kind.sum())) % count)
    return parts, (
        f"the list has one fold: its pairs were dealt into {count} parts, each judged at the threshold that is "
        "best for the others"
    )


def best_threshold(similarities: np.ndarray, same: np.ndarray) -> float:
    """The threshold at which most pairs are judged rightly: midway between two scores, the middle one of the best."""
    order = np.argsort(similarities, kind="stable")
    scores, labels = similarities[order].astype(np.float64), same[order]
    # Right with a threshold below the k-th score: pairs of two people before it, pairs of one from it on.
    right = (
        np.concatenate([[0], np.cumsum(~labels)]) + labels.sum() - np.concatenate([[0], np.cumsum(labels)])
    )
    ends = np.concatenate([[scores[0] - 1e-3], scores, [scores[-1] + 1e-3]])
    between = (ends[:-1] + ends[1:]) / 2
    right = np.where(np.diff(ends) > 0, right, -1)  # no threshold lies between equal scores
    best = np.flatnonzero(right == right.max())
    return float(between[best[len(best) // 2]])


def thresholds_by_part(similarities: np.ndarray, same: np.ndarray, parts: np.ndarray) -> np.ndarray:
    """The threshold (N,) of each pair: that which is best for the pairs of all other parts, (N,) each."""
    thresholds = np.empty(len(similarities))
    for part in np.unique(parts):
        thresholds[parts == part] = best_threshold(similarities[parts != part], same[parts != part])
    return thresholds


def protocol_summary(
    about: ListOfPairs,
    similarities: Mapping[Version, np.ndarray],
    attacked: np.ndarray,
    same: np.ndarray,
    people: np.ndarray,
    folds: np.ndarray,
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
        thresholds: (N,), at which each pair is judged.
    """
    versions: dict[Version, np.ndarray] = {
        name: np.ones(len(same), dtype=bool) if name == "clean" else attacked for name in similarities
    }
    draws = people_draws(int(people.max()) + 1, RESAMPLES, seed=0)
    weights = draws[:, people[:, 0]] * np.where(same, 1, draws[:, people[:, 1]])
    found = {
        name: _resampled(similarities[name][rows], same[rows], people[rows], weights[:, rows])
        for name, rows in versions.items()
        if rows.any() and same[rows].any() and not same[rows].all()
    }
    right = {name: (similarities[name] >= thresholds) == same for name in versions}
    accuracy: dict[Version, Interval] = {}
    for name, rows in versions.items():
        with np.errstate(invalid="ignore"):
            drawn = (weights[:, rows] @ right[name][rows]) / weights[:, rows].sum(1)
        value, n = float(right[name][rows].mean()) if rows.any() else np.nan, int(rows.sum())
        accuracy[name] = interval_of(value, drawn, n, len(np.unique(people[rows])))
    by_fold = [_fold(fold, right, versions, folds, thresholds) for fold in np.unique(folds)]
    clean = [fold.clean.value for fold in by_fold]
    eer: dict[Version, Interval] = {}
    auroc: dict[Version, float] = {}
    for name in found:
        rows = versions[name]
        chances = _as_chances(similarities[name][rows], same[rows])
        drawn = equal_error_rates(found[name])
        eer[name] = interval_of(float(binary_eer(*chances)), drawn, int(rows.sum()), found[name].people)
        auroc[name] = float(binary_auroc(*chances))
    return PairFigures(
        **vars(about),
        pairs={
            name: PairCounts(int(same[rows].sum()), int((~same[rows]).sum()))
            for name, rows in versions.items()
        },
        accuracy=accuracy,
        standard_error=float(np.std(clean, ddof=1) / np.sqrt(len(clean))) if len(clean) > 1 else None,
        folds=tuple(by_fold),
        eer=eer,
        auroc=auroc,
        points=tuple(_point(far, similarities, versions, same, found) for far in FALSE_ACCEPT_RATES),
    )


def threshold_at(similarities: np.ndarray, same: np.ndarray, far: float) -> float | None:
    """The lowest similarity at which no more than `far` of the pairs of two people are accepted; None with too few."""
    if (~same).sum() * far < LEAST_EXPECTED * (1 - 1e-9):
        return None
    falsely, _, chances = binary_roc(*_as_chances(similarities, same))
    lowest = chances[falsely <= far * (1 + 1e-9)].min()  # the first is 1, above all similarities
    return float(lowest) * 2 - 1


def _as_chances(similarities: np.ndarray, same: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
    """As torchmetrics takes them: what lies in [0, 1] it leaves as it is."""
    scaled = torch.from_numpy((similarities.astype(np.float64) + 1) / 2).clamp(0, 1)
    return scaled, torch.from_numpy(same.astype(np.int64))


def _resampled(similarities: np.ndarray, same: np.ndarray, people: np.ndarray, weights: np.ndarray) -> Pairs:
    """The rates at every score, rising, in each draw of people."""
    order = np.argsort(similarities, kind="stable")
    rates = []
    for kind in (same, ~same):
        passed = np.cumsum((weights * kind)[:, order][:, ::-1], axis=1)[:, ::-1]
        with np.errstate(invalid="ignore"):
            rates.append(np.pad(passed, ((0, 0), (0, 1))) / passed[:, :1])
    couples = np.unique(np.sort(people[~same], axis=1), axis=0)
    counts = ScoreCounts.of(similarities[same], similarities[~same])
    accepted, falsely = rates
    return Pairs(counts, accepted, falsely, people=len(np.unique(people[same])), couples=2 * len(couples))


def _point(
    far: float,
    similarities: Mapping[Version, np.ndarray],
    versions: Mapping[Version, np.ndarray],
    same: np.ndarray,
    found: Mapping[Version, Pairs],
) -> PairPoint | TooFew:
    threshold = threshold_at(similarities["clean"], same, far)
    if threshold is None or "clean" not in found:
        return TooFew(far, pairs_needed(far), None)
    drawn = np.sort(similarities["clean"].astype(np.float64))
    places = places_at(found["clean"].falsely, far)
    # Each draw's threshold as a similarity, at which the other versions are read.
    ends = np.append(drawn, drawn[-1] + 1e-3)
    levels = np.interp(places, np.arange(len(ends)), ends)
    tar: dict[Version, Interval] = {}
    falsely: dict[Version, Interval] = {}
    for version, result in found.items():
        rows = versions[version]
        there = np.searchsorted(np.sort(similarities[version][rows].astype(np.float64)), levels)
        couples = max(result.couples // 2, 1)
        for figures, kind, curves, units in (
            (tar, same, result.accepted, result.people),
            (falsely, ~same, result.falsely, couples),
        ):
            scores = similarities[version][rows & kind]
            figures[version] = interval_of(
                float((scores >= threshold).mean()), read_at(curves, there), len(scores), units
            )
    return PairPoint(far, pairs_needed(far), threshold, tar, falsely)


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
