"""Thresholds of validation pictures: everyone weighs the same, and too few are said to be."""

import numpy as np
import pytest

from facetrial.metrics.tasks.results import ThresholdsFrom, TooFew
from facetrial.metrics.tasks.score_histogram import similarity_at
from facetrial.metrics.tasks.thresholds import alarm_thresholds, pair_thresholds, strictest
from facetrial.trial.held_out import HeldOut
from tests.helpers import one_by_one
from tests.helpers.embedded import embedded_people, embedded_validation

SIZES = np.array([40, 9, 3, 2, *[1] * 20])


@pytest.fixture(scope="module")
def held_out() -> HeldOut:
    embeddings, identities, _, _ = embedded_people(24, 40, spread=1.5)
    kept = np.concatenate([np.flatnonzero(identities == who)[:size] for who, size in enumerate(SIZES)])
    return HeldOut(embeddings["clean"][kept], 7 * identities[kept])


def test_every_couple_weighs_the_same(held_out):
    found = pair_thresholds(held_out, (1e-1, 1e-2, 1e-3))
    pairs = one_by_one.all_pairs(
        held_out.embeddings,
        range(len(held_out.identities)),
        held_out.embeddings,
        held_out.identities,
        once=True,
    )
    impostors = [(pair.person, pair.other) for pair in pairs if pair.person != pair.other]
    _, each = np.unique(impostors, axis=0, return_counts=True)
    worth = round(len(each) ** 2 / (1 / each).sum())
    assert found.set_on == ThresholdsFrom(pictures=74, people=24, worth=worth)
    assert worth < len(impostors) / 5
    threshold = similarity_at(found.edges[1e-1])
    weighed, pooled, _ = one_by_one.accepted(pairs, threshold, genuine=False)
    assert 0.1 - 1 / len(each) < weighed <= 0.1
    assert abs(pooled - 0.1) > 5e-3
    assert found.edges[1e-3] == TooFew(1e-3, 3000, worth, None)
    assert set(found.all_edges) == {found.edges[1e-1], found.edges[1e-2], found.best}


def test_where_one_kind_is_missing_there_is_no_best_threshold(held_out):
    first = np.flatnonzero(np.diff(held_out.identities, prepend=-1))
    alone = pair_thresholds(HeldOut(held_out.embeddings[first], held_out.identities[first]), (1e-2,))
    assert alone.best is None
    assert alone.edges[1e-2] == TooFew(1e-2, 300, 276, None)
    one = pair_thresholds(HeldOut(held_out.embeddings[:40], held_out.identities[:40]), (1e-2,))
    assert (one.best, one.edges[1e-2].found) == (None, 0)


def test_the_strictest_threshold_lets_no_more_pass_by_weight():
    strengths = np.array([0.1, 0.9, 0.5, 0.7, 0.3], dtype=np.float32)
    for weights, expected in (([1, 1, 1, 1, 1], 0.7), ([0, 0, 3, 1, 1], 0.5), ([1, 4, 0, 0, 0], 0.9)):
        threshold = strictest(strengths, np.array(weights), 0.2)
        passed = (np.array(weights) * (strengths >= np.float64(threshold))).sum()
        assert passed <= 0.2 * sum(weights)
        assert threshold == pytest.approx(expected)
        assert threshold > float(np.float32(expected))


def test_equal_strengths_pass_together():
    assert strictest(np.array([0.5, 0.5, 0.5, 0.1]), np.ones(4), 0.25) > 0.5


def test_everyone_outside_weighs_the_same():
    strengths = np.concatenate([np.full(60, 0.9), np.linspace(0.1, 0.8, 40)])
    identities = np.concatenate([np.zeros(60, dtype=int), np.arange(1, 41)])
    set_on, found = alarm_thresholds(strengths, identities, (1e-1, 1e-2))
    assert set_on == ThresholdsFrom(pictures=100, people=41, worth=42)
    # The one person whose 60 pictures all pass is one of 41.
    assert (strengths[60:] >= found[1e-1]).sum() == 3
    assert found[1e-2] == TooFew(1e-2, 300, 42, None)
    _, nobody = alarm_thresholds(np.zeros(0), np.zeros(0, dtype=int), (1e-1,))
    assert nobody[1e-1].found == 0


def test_more_pictures_make_thresholds_possible():
    _, _, _, centres = embedded_people(24, 2)
    found = [pair_thresholds(embedded_validation(centres, each), (1e-3,)).edges[1e-3] for each in (3, 4)]
    assert [isinstance(edge, TooFew) for edge in found] == [True, False]
