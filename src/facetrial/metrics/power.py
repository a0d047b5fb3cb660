"""What the pictures of each person, and of all, can show of a difference between two trials."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from facetrial.statistics.power import POWER, pictures_needed, smallest_difference

ASKED = 0.05  # the difference that a reader is told about: five points


@dataclass(frozen=True)
class PersonsPower:
    """A person's number of attacked pictures, and the smallest difference that they show; None where there is none."""

    n: int
    smallest: float | None


@dataclass(frozen=True)
class Power:
    """What pictures can show: of the `difference` asked for, with that `power`, and of each person by name."""

    difference: float
    power: float
    pictures_needed: int
    people: Mapping[str, PersonsPower]


def power_summary(n_of_people: Mapping[str, int]) -> Power:
    """What so many attacked pictures of each person, by name, can show."""
    smallest = {n: smallest_difference(n) for n in set(n_of_people.values())}
    people = {
        name: PersonsPower(n, None if math.isnan(smallest[n]) else smallest[n])
        for name, n in n_of_people.items()
    }
    return Power(ASKED, POWER, pictures_needed(ASKED), people)
