"""Thresholds for a list of pairs: of each part of it, from the others."""

from collections.abc import Callable

import numpy as np
import torch
from torchmetrics.functional.classification import binary_roc

PARTS, DEALS = 10, 20  # of a single fold


def parts_of(folds: np.ndarray, same: np.ndarray, split_seed: int) -> tuple[np.ndarray, str]:
    """The parts (D, N) whose thresholds come from the others, in D deals, and how they were made, in words.

    Args:
        folds: int64 (N,), of the list: several are the only deal.
        same: bool (N,).
        split_seed: by which a single fold is dealt `DEALS` times into `PARTS`, or as many as it has pairs of each kind.
    """
    if (count := len(np.unique(folds))) > 1:
        return folds[None], f"each of the {count} folds at the threshold that is best for the others"
    count = min(PARTS, int(same.sum()), int((~same).sum()))
    generator = np.random.default_rng([split_seed, 3])
    parts = np.empty((DEALS, len(folds)), dtype=np.int64)
    for deal in parts:
        for kind in (same, ~same):
            deal[kind] = generator.permutation(np.arange(int(kind.sum())) % count)
    return parts, (
        f"the list has one fold: its pairs were dealt {DEALS} times into {count} parts, each judged at the mean of the "
        "thresholds that are best for the others"
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


def thresholds_by_part(
    similarities: np.ndarray,
    same: np.ndarray,
    parts: np.ndarray,
    choose: Callable[[np.ndarray, np.ndarray], float],
) -> np.ndarray:
    """The threshold (N,) of each pair: that which `choose` finds for the pairs of all other parts, the mean over deals.

    Args:
        similarities: (N,).
        same: bool (N,).
        parts: int64 (D, N), of each deal.
        choose: from similarities (M,) and `same` (M,) to a threshold.
    """
    thresholds = np.zeros(len(similarities))
    for deal in parts:
        for part in np.unique(deal):
            others = deal != part
            thresholds[~others] += choose(similarities[others], same[others])
    return thresholds / len(parts)


def threshold_at(similarities: np.ndarray, same: np.ndarray, far: float) -> float:
    """The lowest similarity at which no more than `far` of the pairs of two people are accepted."""
    falsely, _, chances = binary_roc(*as_chances(similarities, same))
    lowest = chances[falsely <= far * (1 + 1e-9)].min()  # the first is 1, above all similarities
    return float(lowest) * 2 - 1


def as_chances(similarities: np.ndarray, same: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
    """As torchmetrics takes them: what lies in [0, 1] it leaves as it is."""
    scaled = torch.from_numpy((similarities.astype(np.float64) + 1) / 2).clamp(0, 1)
    return scaled, torch.from_numpy(same.astype(np.int64))
