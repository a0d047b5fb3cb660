"""Intervals by leaving out one person at a time: against closed forms, and at the ends."""

import numpy as np
import pytest
from scipy import stats

from facetrial.core.errors import FacetrialError
from facetrial.statistics.left_out import Units, left_out_interval
from facetrial.statistics.likeness import USUAL, effective_number


def without_each(values: np.ndarray) -> np.ndarray:
    return (values.sum() - values) / (len(values) - 1)


def test_of_a_mean_over_many_people_it_is_students():
    values = np.random.default_rng(0).beta(4, 4, 400)
    figure = left_out_interval(values.mean(), without_each(values), 10**6, Units.alike(400, 0.01))
    half = stats.t.ppf(0.975, 399) * values.std(ddof=1) / 20
    assert (figure.high - figure.low) / 2 == pytest.approx(half, rel=0.02)
    assert (figure.low, figure.high) == pytest.approx((values.mean() - half, values.mean() + half), abs=2e-3)


def test_units_of_one_weight_are_those_of_their_mean_size():
    sizes = np.array([1, 5, 20])
    same = Units.of(np.full(3, 0.2), sizes)
    assert Units.alike(3, float(np.mean(1 / sizes))).worth == pytest.approx(same.worth)
    assert same.count == pytest.approx(3)
    assert same.worth == pytest.approx(9 / (3 * USUAL + (1 - USUAL) * (1 / sizes).sum()))
    assert Units.of(np.array([1.0, 1.0, 1.0, 0.0]), np.array([1, 5, 20, 7])) == same
    assert Units.of(np.zeros(2), np.ones(2)) == Units(0.0, 0.0) == Units.alike(0, 0.0)


def test_weights_are_worth_fewer():
    assert effective_number(np.array([61, 13, 13, 13])) == pytest.approx(100**2 / (61**2 + 3 * 13**2))
    assert effective_number(np.full(7, 3)) == pytest.approx(7)
    assert effective_number(np.zeros(3)) == 0


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_where_everyone_came_out_the_same_it_has_a_width(value):
    few, many = (
        left_out_interval(value, np.full(people, value), 10**6, Units.alike(people, 0.1))
        for people in (10, 100)
    )
    assert few.low <= value <= few.high
    assert few.high - few.low > 5 * (many.high - many.low) > 0
    steady = left_out_interval(value, np.full(10, value), 10**6, Units.alike(10, 0.1), steadier=4)
    assert steady.high - steady.low < few.high - few.low


def test_it_is_no_narrower_than_that_of_independent_pairs():
    figure = left_out_interval(0.5, np.full(50, 0.5), 100, Units.alike(50, 0.001))
    assert figure.high - figure.low > 2 * 1.96 * np.sqrt(0.25 / 110)


@pytest.mark.parametrize(("people", "value"), [(0, 0.5), (1, 0.5), (2, np.nan)])
def test_what_people_cannot_tell_may_be_anything(people, value):
    figure = left_out_interval(value, np.full(people, np.nan), 4, Units.alike(people, 1.0))
    assert (figure.low, figure.high, figure.n) == (0.0, 1.0, 4)


def test_sizes_that_fit_no_weights_are_refused():
    with pytest.raises(FacetrialError, match="a weight and a number of pairs"):
        Units.of(np.ones(3), np.ones(2))
