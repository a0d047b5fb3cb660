"""Two verdicts on the same pictures: McNemar's test against scipy's, differences against the truth, and Holm."""

import numpy as np
import pytest
from scipy.stats import binomtest, norm

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
    for _ in range(200):
        shared = generator.random(300) < 0.8
        worse = shared & (generator.random(300) < 0.9)
        found = paired_difference(shared, worse, people)
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


def score(gains, losses, n, difference):
    """Tango's score of a difference, its nuisance parameter found by a fine search of the likelihood."""
    least = max(0.0, -difference)
    shares = np.linspace(least + 1e-9, (1 - abs(difference)) / 2 + least - 1e-9, 400_001)
    rest = 1 - 2 * shares - difference
    with np.errstate(divide="ignore", invalid="ignore"):
        likelihood = (
            gains * np.log(shares + difference)
            + losses * np.log(shares)
            + (n - gains - losses) * np.log(rest)
        )
    likely = shares[np.nanargmax(np.where(rest > 0, likelihood, np.nan))]
    return (gains - losses - n * difference) / np.sqrt(n * (2 * likely + difference - difference**2))


@pytest.mark.parametrize(("gains", "losses", "n"), [(12, 2, 50), (3, 9, 40), (0, 6, 30), (20, 18, 60)])
def test_within_one_person_the_interval_holds_what_tangos_score_does_not_reject(gains, losses, n):
    first = np.array([False] * gains + [True] * (n - gains))
    second = np.array([True] * gains + [False] * losses + [True] * (n - gains - losses))
    found, p = paired_test(first, second, np.zeros(n))
    assert score(gains, losses, n, found.low) == pytest.approx(1.96, abs=0.01)
    assert score(gains, losses, n, found.high) == pytest.approx(-1.96, abs=0.01)
    assert p == pytest.approx(
        2 * norm.sf(abs(gains - losses) / np.sqrt(gains + losses))
    )  # McNemar's score test


def test_no_change_at_all_leaves_a_difference_open():
    same = np.ones(10, bool)
    found, p = paired_test(same, same, np.zeros(10))
    assert (found.low, found.high) == pytest.approx((-0.2775, 0.2775), abs=1e-4)  # z^2 / (n + z^2)
    assert p == 1.0


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
    for _ in range(600):
        leaning = generator.normal(0, 0.25, 15)[people]
        first, second = (generator.random(120) < np.clip(0.6 + sign * leaning, 0, 1) for sign in (1, -1))
        spoke += paired_test(first, second, people)[1] < 0.05
    assert 0.03 <= spoke / 600 <= 0.07
