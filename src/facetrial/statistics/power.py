"""What so many pictures can show: the smallest difference that a paired test finds often enough."""

import math

import numpy as np
from scipy import stats

from facetrial.core.errors import FacetrialError

LEVEL = 0.05
POWER = 0.8


def power_of_pairs(n: int, gain: float, loss: float = 0.0, level: float = LEVEL) -> float:
    """The chance that McNemar's exact test tells two trials on the same `n` pictures of one person apart.

    Args:
        n: number of pictures.
        gain: chance that a picture is a hit in the second trial only.
        loss: chance that it is one in the first only.
        level: two-sided p at which the test speaks.

    Raises:
        FacetrialError: chances that are none.
    """
    if n < 0 or min(gain, loss) < 0 or gain + loss > 1 + 1e-12:
        raise FacetrialError(
            f"expected chances that add up to at most 1, found {gain} and {loss} of {n} pictures."
        )
    if gain + loss == 0:
        return 0.0
    told_apart = np.arange(n + 1)
    fewest = stats.binom.ppf(level / 2, told_apart, 0.5) - 1  # as many or fewer of one kind: p <= level
    fewest += stats.binom.cdf(fewest + 1, told_apart, 0.5) <= level / 2
    share = gain / (gain + loss)
    speaks = stats.binom.cdf(fewest, told_apart, share) + stats.binom.cdf(fewest, told_apart, 1 - share)
    chance = stats.binom.pmf(told_apart, n, min(gain + loss, 1.0))
    return float(min(1.0, (chance * speaks)[fewest >= 0].sum()))


def smallest_difference(n: int, power: float = POWER, level: float = LEVEL) -> float:
    """The smallest difference that `n` pictures of one person show with this power, if all changes go the same way.

    With changes both ways it takes a larger one. NaN where not even a difference of 1 is shown.
    """
    if power_of_pairs(n, 1.0, 0.0, level) < power:
        return math.nan
    low, high = 0.0, 1.0
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (low, middle) if power_of_pairs(n, middle, 0.0, level) >= power else (middle, high)
    return high


def pictures_needed(difference: float, power: float = POWER, level: float = LEVEL) -> int:
    """The fewest pictures of one person that show this difference with this power, if all changes go the same way.

    Raises:
        FacetrialError: a difference outside (0, 1].
    """
    if not 0 < difference <= 1:
        raise FacetrialError(f"a difference must lie in (0, 1], found {difference}.")
    enough = 1
    while power_of_pairs(enough, difference, 0.0, level) < power:
        enough *= 2
    fewest = enough // 2
    while enough - fewest > 1:
        middle = (fewest + enough) // 2
        if power_of_pairs(middle, difference, 0.0, level) >= power:
            enough = middle
        else:
            fewest = middle
    return enough
