"""The median over pictures of people, and its interval."""

import numpy as np
import pytest

from facetrial.core.errors import FacetrialError
from facetrial.statistics.median import median_over_people


class TestMedian:
    def test_one_person_has_the_interval_between_order_statistics(self):
        # The 40th and 61st of 100: B(100, 1/2) lies below 40 with a chance of 0.0176, below 41 with one of 0.0284.
        found = median_over_people(np.arange(1.0, 101.0), np.zeros(100))
        assert (found.value, found.low, found.high, found.n) == (50.5, 40.0, 61.0, 100)

    def test_people_who_differ_widen_it(self):
        values = np.repeat([1.0, 2.0, 3.0, 4.0, 5.0], 20)
        one = median_over_people(values, np.zeros(100))
        many = median_over_people(values, np.repeat(np.arange(5), 20))
        assert (one.low, one.high) == (2.0, 4.0)
        assert many.low < 2.0 or many.high > 4.0

    def test_few_pictures_tell_nothing(self):
        found = median_over_people(np.array([1.0, 2.0]), np.zeros(2))
        assert (found.low, found.high) == (-np.inf, np.inf)

    def test_no_picture(self):
        assert np.isnan(median_over_people(np.array([]), np.array([])).value)

    def test_not_a_number_is_refused(self):
        with pytest.raises(FacetrialError, match="1 values that are not numbers"):
            median_over_people(np.array([1.0, np.nan]), np.zeros(2))
