"""The logistic regression over people against a maximum found in another way, and people whose odds are known."""

import numpy as np
import pytest
from scipy import optimize

from benchmarks import coverage_class_size as simulation
from facetrial.statistics.logistic import half_width, logistic, logistic_fit


def penalised(line, x, hits, totals):
    """Minus the log-likelihood with Jeffreys' prior, which Firth's penalty is."""
    design = np.stack([np.ones_like(x), x], axis=1)
    chance = logistic(design @ line)
    information = design.T @ (design * (totals * chance * (1 - chance))[:, None])
    likelihood = (hits * np.log(chance) + (totals - hits) * np.log1p(-chance)).sum()
    return -likelihood - 0.5 * np.linalg.slogdet(information)[1]


@pytest.mark.parametrize("lowest", [-9.0, 0.3])  # and where x alone tells hits from misses
def test_of_one_picture_each_it_is_firths(lowest):
    generator = np.random.default_rng(0)
    x = generator.normal(size=30)
    hits = (generator.random(30) < logistic(0.3 + 0.8 * x)) | (x > 0.3) & (lowest > 0)
    hits = (x > lowest if lowest > 0 else hits).astype(float)
    found = logistic_fit(x, hits, np.ones(30))
    expected = optimize.minimize(penalised, np.zeros(2), (x, hits, np.ones(30)), method="BFGS", tol=1e-10).x
    assert found.line == pytest.approx(expected, abs=1e-4)


def test_of_many_people_its_error_is_that_of_the_line():
    """What a hundred fits scatter by is what each says of itself, though people differ more than it is told."""
    generator = np.random.default_rng(1)
    x, totals = generator.normal(size=80), generator.integers(1, 30, 80)
    chance = logistic(0.5 + 0.6 * x)
    found, said = [], []
    for _ in range(100):
        own = generator.beta(4 * chance, 4 * (1 - chance))  # likeness 0.2
        fit = logistic_fit(x, generator.binomial(totals, own), totals)
        found.append(fit.line)
        said.append((fit.pull**2).sum(0))
        assert fit.interval(np.array([0.0, 1.0]))[0] == fit.line[1]
    assert np.mean(found, 0) == pytest.approx([0.5, 0.6], abs=0.05)
    assert np.sqrt(np.mean(said, 0)) == pytest.approx(np.std(found, 0), rel=0.2)


@pytest.mark.parametrize("likeness", [0.0, 0.1, 0.4])
def test_likeness_is_found(likeness):
    generator = np.random.default_rng(2)
    x, totals = generator.normal(size=600), np.full(600, 12)
    chance = logistic(0.5 * x)
    if likeness:
        chance = generator.beta(chance * (1 / likeness - 1), (1 - chance) * (1 / likeness - 1))
    assert logistic_fit(x, generator.binomial(totals, chance), totals).likeness == pytest.approx(
        likeness, abs=0.03
    )


def test_one_person_of_many_pictures_does_not_decide_alone():
    """Where people differ, two hundred pictures of one are hardly worth more than ten of another."""
    generator = np.random.default_rng(3)
    x = np.append(generator.normal(size=40), 4.0)
    totals = np.append(np.full(40, 10), 400)
    own = np.append(generator.beta(1, 1, 40), 0.95)
    fit = logistic_fit(x, np.round(totals * own), totals)
    assert fit.likeness > 0.2
    information = fit.worth[:, 1] ** 2
    assert information[-1] < 0.5 * information.sum()


def test_few_who_count_leave_students_t_few_degrees_of_freedom():
    pull = np.full(4, 0.5)
    assert half_width(pull, np.ones(4)) == pytest.approx(3.182, abs=1e-3)  # of 3
    assert half_width(pull, np.array([1.0, 0.0, 0.0, 0.0])) == pytest.approx(
        12.706, abs=1e-3
    )  # never below 1


@pytest.mark.parametrize(("limit", "middle", "likeness"), [(None, 0.8, 0.1), (3, 0.9, 0.1), (None, 0.9, 0.3)])
def test_intervals_hold_the_truth_on_lfws_sizes(limit, middle, likeness):
    condition = simulation.Condition(simulation.LFW, limit, middle, 0.43, likeness)
    told, held, held_ratio, _ = simulation.coverage(condition, trials=300)
    assert told > 0.95
    assert min(held, held_ratio) > 0.91  # 300 draws of 0.95: less than one time in 300 by chance


def test_a_handful_is_not_told():
    condition = simulation.Condition(simulation.LFW[:12], 4, 0.99, 0.0, 0.0)
    told, *_ = simulation.coverage(condition, trials=20)
    assert told == 0
