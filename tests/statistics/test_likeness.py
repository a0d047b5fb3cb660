"""How alike pictures of one person are found to be, and what that makes of their number."""

import numpy as np
import pytest

from facetrial.statistics.likeness import effective_number, likeness, worth_of_pictures


def test_many_pictures_of_many_people_tell_the_correlation():
    generator = np.random.default_rng(0)
    index = np.repeat(np.arange(300), 12)
    values = np.sqrt(0.4) * generator.standard_normal(300)[index] + np.sqrt(0.6) * generator.standard_normal(
        3600
    )
    assert likeness(values, index) == pytest.approx(0.4, abs=0.05)


def test_what_came_out_the_same_tells_nothing_of_it():
    index = np.repeat(np.arange(10), 8)
    assert likeness(np.ones(80), index) == pytest.approx(0.2)
    assert likeness(np.zeros(80), index) == pytest.approx(0.2)


def test_one_miss_tells_little_and_many_tell_much():
    index = np.repeat(np.arange(20), 10)
    once, often = np.ones(200), np.tile([1.0, 0.0], 100)  # each person's mean is the same
    once[0] = 0.0
    assert likeness(once, index) == pytest.approx(0.15, abs=0.01)
    assert likeness(often, index) < 0.01


def test_three_people_tell_less_than_thirty():
    """People who do not differ at all, as far as one can see."""
    few, many = (
        likeness(np.tile([1.0, 0.0], 50 * people), np.repeat(np.arange(people), 100)) for people in (3, 30)
    )
    assert many < few / 3


def test_pictures_are_worth_themselves_where_people_have_one_each():
    found = worth_of_pictures(np.array([1.0, 0.0, 1.0, 1.0]), np.arange(4), np.full(4, 0.25))
    assert found.pictures == 4
    assert found.freedom_of_share == np.inf


def test_pictures_of_people_of_one_mind_are_worth_their_people():
    index = np.repeat(np.arange(60), 50)
    values = np.tile([1.0, 0.0], 30)[index]
    found = worth_of_pictures(values, index, np.full(60, 1 / 60))
    assert found.pictures == pytest.approx(60, rel=0.01)
    assert found.freedom_of_share == pytest.approx(59, rel=0.01)
    assert found.freedom_of_mean == pytest.approx(59, rel=0.02)


def test_effective_number():
    assert effective_number(np.full(7, 3.0)) == pytest.approx(7)
    assert effective_number(np.array([100.0, 1.0, 1.0])) == pytest.approx(1.04, abs=0.01)
    assert effective_number(np.zeros(3)) == 0.0
