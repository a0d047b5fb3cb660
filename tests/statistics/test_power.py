"""The power of McNemar's test against simulations and closed forms."""

import numpy as np
import pytest
from scipy.stats import binom

from facetrial.core.errors import FacetrialError
from facetrial.statistics.paired import mcnemar
from facetrial.statistics.power import pictures_needed, power_of_pairs, smallest_difference


@pytest.mark.parametrize(
    ("n", "gain", "loss"), [(29, 0.26, 0.0), (40, 0.3, 0.1), (12, 0.5, 0.0), (29, 0.05, 0.0)]
)
def test_power_is_how_often_the_test_speaks(n, gain, loss):
    generator = np.random.default_rng(0)
    spoke, trials = 0, 1500
    for _ in range(trials):
        chance = generator.random(n)
        spoke += mcnemar(chance < loss, (chance >= loss) & (chance < loss + gain)) <= 0.05
    assert spoke / trials == pytest.approx(power_of_pairs(n, gain, loss), abs=3.5 * 0.5 / trials**0.5)


def test_one_direction_needs_six():
    """2 x 0.5^6 is the first two-sided p below 0.05."""
    assert power_of_pairs(29, 0.2) == pytest.approx(binom.sf(5, 29, 0.2))
    assert power_of_pairs(5, 1.0) == 0.0
    assert power_of_pairs(6, 1.0) == pytest.approx(1.0)
    assert power_of_pairs(6, 0.0) == 0.0


def test_the_smallest_difference_has_its_power():
    for n in (8, 29, 132):
        difference = smallest_difference(n)
        assert power_of_pairs(n, difference) == pytest.approx(0.8, abs=1e-6)
        assert power_of_pairs(n, difference - 0.01) < 0.8
    assert np.isnan(smallest_difference(5))


def test_29_pictures_cannot_show_five_points_and_157_can():
    assert power_of_pairs(29, 0.05) < 0.01
    assert smallest_difference(29) > 0.25
    assert pictures_needed(0.05) == 157
    assert power_of_pairs(157, 0.05) >= 0.8 > power_of_pairs(156, 0.05)
    with pytest.raises(FacetrialError, match="difference must lie"):
        pictures_needed(0.0)
    with pytest.raises(FacetrialError, match="add up to at most 1"):
        power_of_pairs(10, 0.8, 0.5)
