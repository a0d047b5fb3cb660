"""Spearman's correlation and its interval."""

import math

import numpy as np
import pytest

from facetrial.statistics.spearman import spearman


def test_it_is_the_correlation_of_ranks():
    generator = np.random.default_rng(0)
    first = generator.integers(0, 9, 40).astype(float)  # with ties
    second = first + 3 * generator.normal(size=40)
    ranks = [
        np.array([(part < one).sum() + ((part == one).sum() + 1) / 2 for one in part])
        for part in (first, second)
    ]
    found = spearman(first, second)
    assert found.value == pytest.approx(np.corrcoef(*ranks)[0, 1])
    half = 1.959964 * math.sqrt((1 + found.value**2 / 2) / 37)
    assert found.low == pytest.approx(math.tanh(math.atanh(found.value) - half))
    assert found.high == pytest.approx(math.tanh(math.atanh(found.value) + half))
    assert found.n == 40


def test_its_interval_holds_the_truth():
    generator = np.random.default_rng(1)
    truth = 6 / math.pi * math.asin(0.7 / 2)  # of a normal pair whose correlation is 0.7
    held = 0
    for _ in range(400):
        first = generator.normal(size=60)
        found = spearman(first, 0.7 * first + math.sqrt(0.51) * generator.normal(size=60))
        held += found.low <= truth <= found.high
    assert 0.92 <= held / 400 <= 0.98


@pytest.mark.parametrize(
    ("first", "second"), [([1, 1, 1], [1, 2, 3]), ([1, 2, 3], [2, 2, 2]), ([1], [1]), ([], [])]
)
def test_what_does_not_vary_has_none(first, second):
    found = spearman(np.array(first, dtype=float), np.array(second, dtype=float))
    assert math.isnan(found.value)
    assert (found.low, found.high) == (-1, 1)


def test_the_ends():
    line = np.arange(10.0)
    found = spearman(line, line**3)
    assert found.value == pytest.approx(1)
    assert 0.9 < found.low <= found.value <= found.high <= 1
    assert (spearman(line[:3], -line[:3]).low, spearman(line[:3], line[:3]).high) == (-1, 1)
