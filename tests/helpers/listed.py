"""A list of pairs with similarities, made up."""

import numpy as np

from facetrial.metrics.tasks.pair_list import ListOfPairs
from facetrial.metrics.tasks.pair_protocol import protocol_summary
from facetrial.metrics.tasks.pair_thresholds import best_threshold, thresholds_by_part

ABOUT = ListOfPairs(
    list="pairs.txt",
    threshold="each fold by the others",
    attacked_side="first",
    mirror=True,
    embedder_as_published=True,
)


def judged():
    """Similarities of each version, which pairs were attacked, which are of one person, who is on them, thresholds, and
    the summary."""
    similarities, same, people, folds = listed(10, 300)
    thresholds = thresholds_by_part(similarities, same, folds[None], best_threshold)
    attacked = np.arange(len(same)) % 3 == 0
    moved = {
        "clean": similarities,
        "attacked": np.where(attacked, similarities - np.where(same, 0.3, -0.3), np.nan),
    }
    moved["8bit"] = moved["attacked"]
    summary = protocol_summary(ABOUT, moved, attacked, same, people, folds, folds[None], thresholds)
    return moved, attacked, same, people, thresholds, summary


def listed(folds: int, each: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Similarities, same, people and folds of a made-up list."""
    generator = np.random.default_rng(seed)
    same = np.tile(np.repeat([True, False], each), folds)
    similarities = generator.normal(np.where(same, 0.6, 0.1), 0.15).clip(-1, 1)
    first = generator.integers(0, 60, len(same))
    people = np.stack(
        [first, np.where(same, first, (first + 1 + generator.integers(0, 59, len(same))) % 60)], axis=1
    )
    return similarities, same, people, np.repeat(np.arange(folds), 2 * each)
