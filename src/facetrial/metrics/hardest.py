"""Whether a person is shown to be hit harder by an attack than the others are."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy import stats

from facetrial.metrics.parts import Person
from facetrial.statistics.intervals import Interval, rate_over_people
from facetrial.statistics.power import LEVEL


@dataclass(frozen=True)
class Hardest:
    """A person who is shown to be hit harder than the others.

    Attributes:
        name: of the person.
        person: the figures.
        others: the share of the others' pictures recognised under attack.
        p: of the test, times the number of people.
        people: their number.
    """

    name: str
    person: Person
    others: Interval
    p: float
    people: int


def hit_hardest(people: Mapping[str, Person]) -> Hardest | None:
    """The person who is most surely hit harder than the others; None where nobody is shown to be.

    p is the chance of so few pictures recognised or fewer, were they recognised as often as the others at the lower end
    of their 95 % interval, times the number of people, since the lowest of all was looked for.
    """
    attacked = {name: one for name, one in people.items() if one.robust.n}
    if len(attacked) < 2:
        return None
    tested = np.array([one.robust.n for one in attacked.values()])
    right = np.array([round(one.robust.value * one.robust.n) for one in attacked.values()])
    of_others = (right.sum() - right) / (tested.sum() - tested)
    seem = np.flatnonzero(stats.binom.cdf(right, tested, of_others) * len(attacked) < LEVEL)
    names = list(attacked)
    found = [
        Hardest(names[place], attacked[names[place]], others, p, len(attacked))
        for place in sorted(seem.tolist(), key=names.__getitem__)
        for others, p in [_compared(place, right, tested)]
        if p < LEVEL
    ]
    return min(found, key=lambda one: one.p, default=None)


def _compared(place: int, right: np.ndarray, tested: np.ndarray) -> tuple[Interval, float]:
    """The share of the others' pictures recognised, and p, of one of people with `right` (P,) of `tested` (P,)."""
    rest_right, rest = np.delete(right, place), np.delete(tested, place)
    people = np.repeat(np.arange(len(rest)), rest)
    first = np.repeat(np.cumsum(rest) - rest, rest)
    others = rate_over_people(np.arange(len(people)) - first < rest_right[people], people)
    return others, float(stats.binom.cdf(right[place], tested[place], others.low)) * len(right)
