"""What so many pictures can show: the smallest difference that a paired test finds often enough."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy import stats

from facetrial.errors import FacetrialError
from facetrial.evaluation.sections import Section, Table

LEVEL = 0.05
POWER = 0.8
ASKED = 0.05  # the difference that a reader is told about: five points
_SHOWN = 40


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


def power_summary(n_of_people: Mapping[str, int]) -> dict[str, Any]:
    """What the summary says of power: `difference` asked for, `power`, `pictures_needed`, and for each person `n` and
    `smallest` (the smallest difference shown, None where there is none).

    Args:
        n_of_people: each person's number of attacked pictures.
    """
    smallest = {n: smallest_difference(n) for n in set(n_of_people.values())}
    return {
        "difference": ASKED,
        "power": POWER,
        "pictures_needed": pictures_needed(ASKED),
        "people": {
            name: {"n": n, "smallest": None if math.isnan(smallest[n]) else smallest[n]}
            for name, n in n_of_people.items()
        },
    }


def power_sentence(power: Mapping[str, Any]) -> str:
    """What the person with most pictures can and cannot show.

    >>> power_sentence(power_summary({"Ann": 29}))
    '29 pictures of one person (Ann) cannot show a five-point difference: the smallest that they show four times out of five is 25.9 points, even if every change goes the same way; five points need 157 pictures.'
    """  # noqa: E501
    name, most = max(power["people"].items(), key=lambda person: person[1]["n"])
    n, smallest = most["n"], most["smallest"]
    pictures = "1 picture" if n == 1 else f"{n} pictures"
    who = f"{pictures} of one person ({name.replace('_', ' ')})"
    needed = f"five points need {power['pictures_needed']} pictures"
    if smallest is None:
        return f"{who} cannot show any difference, however large: six must change the same way; {needed}."
    least = f"the smallest that they show four times out of five is {100 * smallest:.1f} points"
    if smallest > power["difference"]:
        return f"{who} cannot show a five-point difference: {least}, even if every change goes the same way; {needed}."
    return f"{who} can show a five-point difference if every change goes the same way: {least}."


def power_section(summary: Mapping[str, Any]) -> Section | None:
    """What the pictures of each person can show."""
    power = summary.get("power")
    if not power or not power["people"]:
        return None
    ranked = sorted(power["people"].items(), key=lambda person: (-person[1]["n"], person[0]))
    enough = sum(one["smallest"] is not None and one["smallest"] <= power["difference"] for _, one in ranked)
    lines = [
        [
            name.replace("_", " "),
            one["n"],
            None if one["smallest"] is None else round(100 * one["smallest"], 1),
        ]
        for name, one in ranked[:_SHOWN]
    ]
    few = (
        ""
        if len(ranked) <= _SHOWN
        else f" The table shows the {_SHOWN} of {len(ranked)} people with most pictures."
    )
    return Section(
        "What so few pictures can show",
        [
            power_sentence(power),
            f"Of {len(ranked)} people, {enough} {'has' if enough == 1 else 'have'} enough pictures for that.",
        ],
        "The smallest difference between two trials on the same pictures of a person that McNemar's exact test finds "
        "at 5 % with a power of 80 %, if every picture that changes does so in the same direction; with changes both "
        "ways it takes a larger one." + few,
        tables=[
            Table(
                "Power person by person",
                ["person", "attacked pictures", "smallest difference, points"],
                lines,
            )
        ],
    )
