"""A figure of several trainings, beside SciPy's."""

import math

import numpy as np
import pytest
from scipy import stats

from facetrial.core.errors import FacetrialError
from facetrial.statistics.repeats import mean_of_repeats


def test_it_is_students():
    values = [0.387, 0.262, 0.333, 0.381, 0.318]
    found, p = mean_of_repeats(values, 0.01)
    low, high = stats.t.interval(0.95, 4, np.mean(values), stats.sem(values))
    assert (found.value, found.low, found.high, found.n) == pytest.approx((np.mean(values), low, high, 5))
    assert p == pytest.approx(stats.ttest_1samp(values, 0).pvalue)


def test_one_says_nothing_of_others():
    found, p = mean_of_repeats([0.4], 0.01)
    assert (found.low, found.high, found.n) == (-1.0, 1.0, 1)
    assert math.isnan(p)
    with pytest.raises(FacetrialError, match="one at least"):
        mean_of_repeats([], 0.01)


def test_repeats_that_are_equal():
    assert mean_of_repeats([0.0, 0.0], 0.05)[1] == 1.0
    assert mean_of_repeats([0.9, 0.1], 0.05)[0].high == 1.0
    found, p = mean_of_repeats([0.125, 0.125], 1 / 16)
    assert found.low < 0 < found.high, "two that agree by chance, of 16 pictures"
    assert p > 0.05
    narrow, p = mean_of_repeats([0.9] * 5, 1 / 16)
    assert (narrow.high - narrow.low) / 2 == pytest.approx(stats.t.ppf(0.975, 4) / 16 / (12 * 5) ** 0.5)
    assert 0 < p < 1e-4
