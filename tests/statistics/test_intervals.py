"""Rates and their intervals: Wilson's against scipy's, over people against formulas written out."""

import math

import numpy as np
import pytest
from scipy.stats import binomtest
from scipy.stats import t as student

from facetrial.core.errors import FacetrialError
from facetrial.statistics.intervals import mean_over_people, rate_of_people, rate_over_people, wilson
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


def by_hand(hits, people, weights):
    """The score interval at the effective number of pictures, written out from Searle's and Kish's formulas."""
    groups = [hits[people == person].astype(float) for person in np.unique(people)]
    sizes = [len(group) for group in groups]
    n, k = len(hits), len(groups)
    msb = sum(len(g) * (g.mean() - hits.mean()) ** 2 for g in groups) / (k - 1)
    msw = sum(((g - g.mean()) ** 2).sum() for g in groups) / (n - k)
    size = (n - sum(s**2 for s in sizes) / n) / (k - 1)
    rho = max(0.0, (msb - msw) / (msb + (size - 1) * msw))
    rarer = min(hits.sum(), n - hits.sum())
    told = 1 / (1 / rarer + 1 / (40 * (k - 1)))
    rho = (told * rho + 3 * 0.2) / (told + 3)
    variance = sum(w**2 * (rho + (1 - rho) / s) for w, s in zip(weights, sizes, strict=True))
    share = rho * sum(w**2 for w in weights) / variance
    value = sum(w * g.mean() for w, g in zip(weights, groups, strict=True))
    z, worth = student.ppf(0.975, (k - 1) / share**2), 1 / variance
    middle = (value + z**2 / (2 * worth)) / (1 + z**2 / worth)
    half = z * math.sqrt(value * (1 - value) / worth + z**2 / (4 * worth**2)) / (1 + z**2 / worth)
    return value, middle - half, middle + half


def drawn_people(seed=4):
    generator = np.random.default_rng(seed)
    people = np.repeat(np.arange(20), generator.integers(2, 30, 20))
    return generator.random(len(people)) < generator.random(20)[people], people


def test_over_people_it_is_wilson_at_the_effective_number_of_pictures():
    hits, people = drawn_people()
    found = rate_over_people(hits, people)
    expected = by_hand(hits, people, np.bincount(people) / len(people))
    assert (found.value, found.low, found.high) == pytest.approx(expected)
    assert found.high - found.low > 2 * (wilson(hits.sum(), len(hits)).high - hits.mean())


def test_of_people_all_weigh_the_same():
    hits, people = drawn_people(5)
    found = rate_of_people(hits, people)
    assert (found.value, found.low, found.high) == pytest.approx(by_hand(hits, people, np.full(20, 1 / 20)))
    assert found.value == pytest.approx(np.mean([hits[people == person].mean() for person in range(20)]))
    assert found.n == len(people)
    repeated = np.repeat(np.arange(4), 5)
    even = np.random.default_rng(0).random(20) < 0.5
    alike = rate_of_people(even, repeated), rate_over_people(even, repeated)
    assert [alike[0].value, alike[0].low, alike[0].high] == pytest.approx(
        [alike[1].value, alike[1].low, alike[1].high]
    )


def test_one_picture_a_person_is_wilson():
    hits = np.array([True] * 9 + [False] * 3)
    found, expected = rate_over_people(hits, np.arange(12)), wilson(9, 12)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high))


def test_names_do_not_matter():
    hits, people = drawn_people(0)
    named = np.array([f"person {p:02}" for p in people])
    assert rate_over_people(hits, people) == rate_over_people(hits, named)


def test_all_pictures_right_does_not_mean_certainty():
    found = rate_over_people(np.ones(100, dtype=bool), np.repeat(np.arange(10), 10))
    assert found.high == 1.0
    assert found.low < wilson(100, 100).low  # pictures of one person tell less than as many of others
    difference = paired_difference(np.ones(100, bool), np.ones(100, bool), np.repeat(np.arange(10), 10))
    assert difference.low < 0 < difference.high


def test_a_mean_of_zeros_and_ones_is_about_a_share():
    hits, people = drawn_people(6)
    mean, share = mean_over_people(hits.astype(float), people), rate_over_people(hits, people)
    assert mean.value == share.value
    assert (mean.low, mean.high) == pytest.approx((share.low, share.high), abs=0.01)
    with pytest.raises(FacetrialError, match="values in"):
        mean_over_people(np.array([0.5, 1.5]), np.zeros(2))


@pytest.mark.parametrize(("mean", "concentration"), [(0.995, 30), (0.8, 5), (0.5, 5)])
def test_interval_over_people_covers_the_truth(mean, concentration):
    """People who differ (beta) and pictures within them: at least 90 of 100 intervals hold the true rate."""
    generator = np.random.default_rng(2)
    people = np.repeat(np.arange(60), generator.integers(3, 12, 60))
    covered = 0
    for _ in range(200):
        rates = generator.beta(mean * concentration, (1 - mean) * concentration, 60)
        hits = generator.random(len(people)) < rates[people]
        found = rate_over_people(hits, people)
        covered += found.low <= mean <= found.high
    assert covered >= 182


def test_pictures_must_match():
    with pytest.raises(FacetrialError, match="same pictures"):
        paired_difference(np.ones(3, bool), np.ones(4, bool), np.arange(3))
    with pytest.raises(FacetrialError, match="one person a picture"):
        rate_over_people(np.ones(3, bool), np.arange(4))
