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
    found = [one for name in sorted(attacked) if (one := _compared(name, attacked)) is not None]
    return min(found, key=lambda one: one.p, default=None)


def _compared(name: str, people: Mapping[str, Person]) -> Hardest | None:
    own, rest = people[name], [one.robust for other, one in people.items() if other != name]
    right, tested = _recognised(own.robust), sum(one.n for one in rest)
    if not rest or _chance(right, own.robust.n, sum(map(_recognised, rest)) / tested) * len(people) >= LEVEL:
        return None
    hits = np.concatenate([np.arange(one.n) < _recognised(one) for one in rest])
    others = rate_over_people(hits, np.repeat(np.arange(len(rest)), [one.n for one in rest]))
    p = _chance(right, own.robust.n, others.low) * len(people)
    return Hardest(name, own, others, p, len(people)) if p < LEVEL else None


def _recognised(figure: Interval) -> int:
    return round(figure.value * figure.n)


def _chance(hits: int, n: int, rate: float) -> float:
    return float(stats.binom.cdf(hits, n, rate))
