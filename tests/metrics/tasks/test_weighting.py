"""Means in which everyone weighs the same, against loops."""

import tracemalloc

import numpy as np
import pytest

from facetrial.metrics.tasks.weighting import mean_of_couples, mean_of_people, over_people
from tests.helpers import one_by_one

PEOPLE = np.repeat([3, 5, 8, 9], [20, 2, 4, 1])


def test_of_pictures():
    hits = np.random.default_rng(0).random(27) < 0.6
    found = mean_of_people(hits, PEOPLE)
    assert found.figure.value == pytest.approx(one_by_one.mean_over_people(hits, PEOPLE))
    assert (found.pooled, found.figure.n) == (pytest.approx(hits.mean()), 27)
    figures = over_people({"clean": found})
    assert figures.people["clean"] == 4
    assert figures.effective_people["clean"] == pytest.approx(27**2 / (400 + 4 + 16 + 1))


def test_of_couples():
    people, others = np.array([0, 0, 0, 1, 2, 2]), np.array([1, 1, 2, 2, 0, 0])
    hits, totals = np.array([1, 2, 0, 3, 1, 0]), np.array([2, 2, 4, 3, 2, 2])
    found = mean_of_couples(hits, totals, people, others)
    assert found.figure.value == pytest.approx(np.mean([3 / 4, 0, 1, 1 / 4]))
    assert found.pooled == pytest.approx(7 / 15)
    assert found.sizes.tolist() == [8, 3, 4]
    assert found.figure.low < found.figure.value < found.figure.high


def test_of_many_couples_takes_no_more_memory_than_the_pictures_do():
    people = np.arange(20_000) % 2_000
    others = (people + 1 + np.arange(20_000) // 2_000) % 2_000
    hits = np.random.default_rng(0).integers(0, 2, 20_000)
    tracemalloc.start()
    found = mean_of_couples(hits, np.ones(20_000, dtype=np.int64), people, others)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 16 * 2**20  # a table of people by couples has 320
    assert found.figure.value == pytest.approx(hits.mean())


def test_of_nothing():
    found = over_people({"attacked": mean_of_people(np.zeros(0, dtype=bool), np.zeros(0, dtype=int))})
    figure = found.over_people["attacked"]
    assert np.isnan(figure.value)
    assert (figure.low, figure.high, figure.n) == (0.0, 1.0, 0)
    assert found.people["attacked"] == 0


def test_a_single_target_leaves_an_interval():
    found = mean_of_couples(
        np.array([1, 2, 0]), np.array([2, 2, 2]), np.array([0, 1, 2]), np.array([7, 7, 7])
    )
    assert 0 < found.figure.low < 0.5 < found.figure.high < 1
