"""What is counted beside shares is what other code counts, ties and infinite values included."""

import math

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from facetrial.checks.figures.beside import _greater, knows_people
from facetrial.statistics.intervals import Interval, rate_over_people


@pytest.mark.parametrize("seed", range(5))
def test_pairs_in_order_are_those_of_a_roc_curve(seed):
    drawn = np.random.default_rng(seed)
    clean, attacked = drawn.integers(0, 6, 20).astype(float), drawn.integers(2, 9, 15).astype(float)
    area = roc_auc_score(np.repeat([0, 1], [20, 15]), np.concatenate([clean, attacked]))
    assert _greater(clean.tolist(), attacked.tolist()) / 300 == pytest.approx(area)


def test_who_has_no_suspicion_is_least():
    assert _greater([-math.inf, 1.0], [1.0]) == 1.5


@pytest.mark.parametrize("seed", range(200))
def test_sound_intervals_know_people(seed):
    drawn = np.random.default_rng(seed)
    sizes = drawn.integers(1, 20, int(drawn.integers(3, 30)))
    people = np.repeat(np.arange(len(sizes)), sizes)
    hits = drawn.random(len(people)) < drawn.beta(0.3, 0.4, len(sizes))[people]
    assert knows_people(rate_over_people(hits, people), people.astype(str).tolist(), hits.tolist())


def test_one_person_or_one_outcome_says_nothing_of_likeness():
    narrow = Interval(0.5, 0.49, 0.51, 8)
    assert knows_people(narrow, ["a"] * 8, [True, False] * 4)
    assert knows_people(narrow, list("aabbccdd"), [True] * 8)
    assert not knows_people(narrow, list("aabbccdd"), [True] * 4 + [False] * 4)
