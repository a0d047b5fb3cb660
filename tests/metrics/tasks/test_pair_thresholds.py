"""Thresholds for a list of pairs, fold by fold, against trying every one."""

from itertools import pairwise

import numpy as np
import pytest

from facetrial.metrics.tasks.pair_thresholds import (
    DEALS,
    best_threshold,
    parts_of,
    threshold_at,
    thresholds_by_part,
)
from tests.helpers.listed import listed


def test_the_best_threshold_is_the_best_of_all():
    similarities, same, _, _ = listed(1, 100)
    tried = np.concatenate([similarities, [-1, 1]])
    accuracies = [((similarities >= threshold) == same).mean() for threshold in tried]
    found = best_threshold(similarities, same)
    assert ((similarities >= found) == same).mean() == max(accuracies)
    assert best_threshold(
        np.array([0.1, 0.3, 0.7, 0.9]), np.array([False, False, True, True])
    ) == pytest.approx(0.5)
    assert best_threshold(np.array([0.4, 0.4]), np.array([True, False])) != 0.4


def test_no_pair_has_a_say_in_its_own_threshold():
    similarities, same, _, folds = listed(10, 30)
    thresholds = thresholds_by_part(similarities, same, folds[None], best_threshold)
    for fold in range(10):
        (threshold,) = np.unique(thresholds[folds == fold])
        assert threshold == best_threshold(similarities[folds != fold], same[folds != fold])


def test_a_single_fold_is_dealt_into_parts_again_and_again_and_it_is_said():
    _, same, _, folds = listed(1, 300)
    parts, said = parts_of(folds, same, split_seed=0)
    assert parts.shape == (DEALS, 600)
    for deal in parts:
        assert np.bincount(deal[same]).tolist() == np.bincount(deal[~same]).tolist() == [30] * 10
    assert (parts[0] != parts[1]).any()
    assert "one fold" in said
    assert "20 times" in said
    assert (parts == parts_of(folds, same, 0)[0]).all()
    assert (parts != parts_of(folds, same, 1)[0]).any()
    _, same, _, folds = listed(4, 20)
    parts, said = parts_of(folds, same, 0)
    assert (parts == folds).all()
    assert "4 folds" in said


def test_thresholds_of_a_single_fold_are_means_over_deals_and_hang_little_on_them():
    similarities, same, _, folds = listed(1, 60)
    first, second = (
        thresholds_by_part(similarities, same, parts_of(folds, same, seed)[0], best_threshold)
        for seed in (0, 1)
    )
    deals = [
        thresholds_by_part(similarities, same, deal[None], best_threshold)
        for deal in parts_of(folds, same, 0)[0]
    ]
    np.testing.assert_allclose(first, np.mean(deals, axis=0))
    alone = np.mean([np.abs(one - other).mean() for one, other in pairwise(deals)])
    assert np.abs(first - second).mean() < alone / 2
    # Its own similarity has no say: that of a pair moves across all thresholds, and its own stays.
    pair = int(np.argmax(np.where(same, -1, similarities)))
    moved = np.where(np.arange(120) == pair, -1.0, similarities)
    again = thresholds_by_part(moved, same, parts_of(folds, same, 0)[0], best_threshold)
    assert again[pair] == first[pair]
    assert (again != first).any()


def test_a_threshold_at_a_rate_accepts_no_more():
    similarities, same, _, _ = listed(1, 300)
    threshold = threshold_at(similarities, same, 1e-2)
    assert (similarities[~same] >= threshold).mean() <= 1e-2
    lower = similarities[similarities < threshold].max()
    assert (similarities[~same] >= lower).mean() > 1e-2 or same[similarities == lower].any()
