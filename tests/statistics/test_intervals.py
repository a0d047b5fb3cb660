"""Rates and their intervals: Wilson's against scipy's, the bootstrap over people against plain loops and the truth."""

import math

import numpy as np
import pytest
from scipy.stats import binomtest

from facetrial.core.errors import FacetrialError
from facetrial.statistics.intervals import rate_over_people, wilson
from facetrial.statistics.paired import paired_difference


@pytest.mark.parametrize(("successes", "n"), [(0, 7), (7, 7), (1, 1), (3, 10), (832, 1078), (1077, 1078)])
def test_wilson_agrees_with_scipy(successes, n):
    reference = binomtest(successes, n).proportion_ci(0.95, method="wilson")
    found = wilson(successes, n)
    assert found.value == successes / n
    assert found.n == n
    assert found.low == pytest.approx(reference.low, abs=1e-12)
    assert found.high == pytest.approx(reference.high, abs=1e-12)


def test_wilson_of_nothing_allows_everything():
    found = wilson(0, 0)
    assert math.isnan(found.value)
    assert (found.low, found.high, found.n) == (0.0, 1.0, 0)
    with pytest.raises(FacetrialError, match="5 of 4"):
        wilson(5, 4)


def test_one_person_gets_wilson():
    hits = np.array([True] * 9 + [False] * 3)
    assert rate_over_people(hits, np.array(["A"] * 12)) == wilson(9, 12)


def test_bootstrap_draws_people_then_pictures():
    """Against the same bootstrap written as plain loops."""
    generator = np.random.default_rng(4)
    people = np.repeat(np.arange(20), generator.integers(2, 30, 20))
    hits = generator.random(len(people)) < generator.random(20)[people]
    means = []
    for _ in range(3000):
        drawn = [
            generator.choice(hits[people == person], (people == person).sum())
            for person in generator.integers(0, 20, 20)
        ]
        means.append(np.concatenate(drawn).mean())
    low, high = np.quantile(means, [0.025, 0.975])
    found = rate_over_people(hits, people, resamples=3000)
    assert found.value == hits.mean()
    assert found.low == pytest.approx(low, abs=0.02)
    assert found.high == pytest.approx(high, abs=0.02)
    assert found.high - found.low > 2 * (wilson(hits.sum(), len(hits)).high - hits.mean())


def test_bootstrap_is_the_same_for_the_same_seed_and_whatever_the_names():
    generator = np.random.default_rng(0)
    people = np.repeat(np.arange(30), generator.integers(3, 40, 30))
    hits = generator.random(len(people)) < 0.7
    named = np.array([f"person {p:02}" for p in people])
    assert rate_over_people(hits, people, seed=0) == rate_over_people(hits, named, seed=0)
    assert rate_over_people(hits, people, seed=0) != rate_over_people(hits, people, seed=1)


def test_all_pictures_right_does_not_mean_certainty():
    found = rate_over_people(np.ones(100, dtype=bool), np.repeat(np.arange(10), 10))
    assert found.high == 1.0
    assert found.low == pytest.approx(wilson(100, 100).low)
    difference = paired_difference(np.ones(100, bool), np.ones(100, bool), np.repeat(np.arange(10), 10))
    assert difference.low < 0 < difference.high


@pytest.mark.parametrize(("mean", "concentration"), [(0.995, 30), (0.8, 5), (0.5, 5)])
def test_interval_over_people_covers_the_truth(mean, concentration):
    """People who differ (beta) and pictures within them: at least 90 of 100 intervals hold the true rate."""
    generator = np.random.default_rng(2)
    people = np.repeat(np.arange(60), generator.integers(3, 12, 60))
    covered = 0
    for trial in range(200):
        rates = generator.beta(mean * concentration, (1 - mean) * concentration, 60)
        hits = generator.random(len(people)) < rates[people]
        found = rate_over_people(hits, people, resamples=400, seed=trial)
        covered += found.low <= mean <= found.high
    assert covered >= 182


def test_pictures_must_match():
    with pytest.raises(FacetrialError, match="same pictures"):
        paired_difference(np.ones(3, bool), np.ones(4, bool), np.arange(3))
    with pytest.raises(FacetrialError, match="one person a picture"):
        rate_over_people(np.ones(3, bool), np.arange(4))
