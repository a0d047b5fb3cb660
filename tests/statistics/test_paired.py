"""Two verdicts on the same pictures: McNemar's test against scipy's, differences against the truth, and Holm."""

import numpy as np
import pytest
from scipy.stats import binomtest

from facetrial.statistics.intervals import rate_over_people
from facetrial.statistics.paired import holm, mcnemar, paired_difference, paired_test


@pytest.mark.parametrize(("gains", "losses", "same"), [(0, 0, 10), (5, 0, 3), (12, 30, 100), (3, 3, 0)])
def test_mcnemar_agrees_with_the_binomial_test(gains, losses, same):
    first = np.array([False] * gains + [True] * losses + [True] * same)
    second = np.array([True] * gains + [False] * losses + [True] * same)
    reference = binomtest(gains, gains + losses, 0.5).pvalue if gains + losses else 1.0
    assert mcnemar(first, second) == pytest.approx(reference, rel=1e-9)


def test_paired_difference_covers_the_truth_and_is_narrower_than_unpaired():
    generator = np.random.default_rng(3)
    people = np.repeat(np.arange(50), 6)
    covered = 0
    for trial in range(200):
        shared = generator.random(300) < 0.8
        worse = shared & (generator.random(300) < 0.9)
        found = paired_difference(shared, worse, people, resamples=400, seed=trial)
        covered += found.low <= -0.08 <= found.high
    assert covered >= 182
    unpaired = rate_over_people(shared, people), rate_over_people(worse, people)
    assert found.high - found.low < sum(i.high - i.low for i in unpaired) / 2
    assert found.value == pytest.approx(worse.mean() - shared.mean())


def test_paired_difference_turns_its_sign_with_the_order():
    generator = np.random.default_rng(5)
    first, second = generator.random(200) < 0.9, generator.random(200) < 0.5
    people = np.repeat(np.arange(20), 10)
    there, back = paired_difference(first, second, people), paired_difference(second, first, people)
    assert there.value == -back.value
    assert there.high < 0 < back.low


class TestHolm:
    def test_the_example_of_its_definition(self):
        # Smallest times 4, next times 3, ...; never below one before it.
        assert holm([0.01, 0.04, 0.03, 0.005]).tolist() == pytest.approx([0.03, 0.06, 0.06, 0.02])

    def test_never_above_one_and_unmade_tests_do_not_count(self):
        found = holm([0.9, np.nan, 0.02, 0.6])
        assert found[[0, 2, 3]].tolist() == pytest.approx([1.0, 0.06, 1.0])
        assert np.isnan(found[1])
        assert len(holm([])) == 0

    def test_it_keeps_the_chance_of_any_false_claim(self):
        ps = np.random.default_rng(0).random((2000, 20))
        assert np.mean([(holm(row) < 0.05).any() for row in ps]) == pytest.approx(0.05, abs=0.015)


def test_p_goes_with_the_interval():
    generator = np.random.default_rng(6)
    people = np.repeat(np.arange(12), 10)
    for left in (0.95, 0.9, 0.85, 0.8):
        first = generator.random(120) < 0.95
        second = first & (generator.random(120) < left)
        difference, p = paired_test(first, second, people)
        assert (p < 0.05) == (not difference.low <= 0 <= difference.high)


def test_p_is_rarely_small_where_nothing_differs():
    """People differ in how often the two trials come apart, and neither is better."""
    generator = np.random.default_rng(7)
    people = np.repeat(np.arange(15), 8)
    spoke = 0
    for seed in range(600):
        leaning = generator.normal(0, 0.25, 15)[people]
        first, second = (generator.random(120) < np.clip(0.6 + sign * leaning, 0, 1) for sign in (1, -1))
        spoke += paired_test(first, second, people, 200, seed)[1] < 0.05
    assert 0.03 <= spoke / 600 <= 0.07
