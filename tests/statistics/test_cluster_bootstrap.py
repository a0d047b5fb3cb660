"""The bootstrap over people and their pictures against an analysis of variance."""

import numpy as np
import pytest

from facetrial.statistics.cluster_bootstrap import draws_of_counts, draws_of_values, spread_of_mean


def analysis_of_variance(values, people):
    """Variance of the mean by Searle's formulas for unequal groups, written as plain loops."""
    groups = [values[people == person] for person in np.unique(people)]
    sizes = np.array([len(group) for group in groups])
    n, mean = sizes.sum(), values.mean()
    among = sum(len(g) * (g.mean() - mean) ** 2 for g in groups) / (len(groups) - 1)
    within = sum(((g - g.mean()) ** 2).sum() for g in groups) / (n - len(groups))
    size = (n - (sizes**2).sum() / n) / (len(groups) - 1)
    between = max(0.0, (among - within) / size)
    return between * (sizes**2).sum() / n**2 + within / n


def spread(values, people, resamples=20_000):
    totals = np.bincount(people)
    sums, squares = (np.bincount(people, weights=values**power) for power in (1, 2))
    return spread_of_mean(sums, squares, totals, draws_of_values(values, people, totals), resamples, 0)


@pytest.mark.parametrize("differ", [0.0, 0.3])
def test_draws_vary_as_an_analysis_of_variance_says(differ):
    generator = np.random.default_rng(1)
    people = np.repeat(np.arange(15), generator.integers(2, 20, 15))
    values = differ * generator.standard_normal(15)[people] + generator.standard_normal(len(people))
    found = spread(values, people, 5000)
    assert found.variance == pytest.approx(analysis_of_variance(values, people), rel=0.08)


def test_people_who_do_not_differ_count_chance_once():
    """A plain two-level bootstrap would find twice this variance."""
    people = np.repeat(np.arange(20), 10)
    values = np.tile([1.0, 0.0], 100)  # each person's mean is the same
    found = spread(values, people, 5000)
    assert found.variance == pytest.approx(0.25 / 200, rel=0.12)
    assert found.freedom == 180


def test_one_picture_a_person_is_a_bootstrap_over_people():
    values = np.random.default_rng(2).standard_normal(30)
    found = spread(values, np.arange(30), 20_000)
    assert found.variance == pytest.approx(values.var(ddof=1) / 30, rel=0.05)
    assert found.freedom == 29


def test_people_who_are_each_of_one_mind_have_their_number_less_one_degrees_of_freedom():
    people = np.repeat(np.arange(6), 10)
    found = spread(np.repeat([1.0, 0.0, 1.0, 1.0, 0.0, 1.0], 10), people)
    assert found.freedom == pytest.approx(5)
    assert found.variance == pytest.approx(np.var([1, 0, 1, 1, 0, 1], ddof=1) / 6, rel=0.05)


def test_counts_are_drawn_as_their_values_are():
    generator = np.random.default_rng(3)
    people = np.repeat(np.arange(10), generator.integers(3, 15, 10))
    values = generator.choice([-1, 0, 1], len(people), p=[0.3, 0.5, 0.2])
    totals = np.bincount(people)
    gains, losses = (np.bincount(people, weights=values == sign).astype(int) for sign in (1, -1))
    counted = spread_of_mean(
        gains - losses, gains + losses, totals, draws_of_counts(gains, losses, totals), 20_000, 0
    )
    drawn = spread(values.astype(float), people, 5000)
    assert counted.variance == pytest.approx(drawn.variance, rel=0.08)
    assert counted.freedom == pytest.approx(drawn.freedom)
