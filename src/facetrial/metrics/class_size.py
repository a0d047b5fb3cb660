"""Whether people with more training pictures are left more often under attack."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from facetrial.metrics.parts import Person
from facetrial.statistics.intervals import Interval
from facetrial.statistics.logistic import logistic, logistic_fits

_RESAMPLES = 1000
_POINTS = 25


@dataclass(frozen=True)
class ClassSizePoint:
    """The fitted share recognised under attack with that many training pictures, and its 95 % interval."""

    n_train: float
    value: float
    low: float
    high: float


@dataclass(frozen=True)
class ClassSize:
    """Whether the number of training pictures tells who is recognised under attack.

    Attributes:
        people: how many there are.
        train_pictures: most that anybody is trained on; None is no cap.
        capped: the people whose training pictures that caps.
        doubling: the factor by which the odds of being recognised change when the number of training pictures
            doubles, with the percentiles of a bootstrap over people.
        curve: the fit, from the fewest to the most.
    """

    people: int
    train_pictures: int | None
    capped: tuple[str, ...]
    doubling: Interval
    curve: tuple[ClassSizePoint, ...]


def class_size_summary(
    per_identity: Mapping[str, Person], train_pictures: int | None = None, capped: tuple[str, ...] = ()
) -> ClassSize | None:
    """The logistic regression of being recognised under attack on log2 of the number of training pictures.

    Args:
        per_identity: of a summary.
        train_pictures: `data.train_pictures`.
        capped: the people whose training pictures it caps.

    Returns:
        None with fewer than three people, or where all have as many pictures.
    """
    people = [person for person in per_identity.values() if person.robust.n]
    n_train = np.array([person.n_train for person in people], dtype=float)
    if len(people) < 3 or len(np.unique(n_train)) < 2:
        return None
    totals = np.array([person.robust.n for person in people], dtype=float)
    hits = np.round(totals * np.array([person.robust.value for person in people]))
    middle = np.log2(n_train).mean()
    x = np.log2(n_train) - middle
    draws = np.random.default_rng(0).multinomial(
        len(people), np.full(len(people), 1 / len(people)), _RESAMPLES
    )
    fits = logistic_fits(x, hits, totals, np.concatenate([np.ones((1, len(people))), draws]))
    shown = np.geomspace(n_train.min(), n_train.max(), _POINTS)
    curves = logistic(fits[:, :1] + fits[:, 1:] * (np.log2(shown) - middle))
    low, high = np.quantile(curves[1:], [0.025, 0.975], axis=0)
    factors = np.exp(fits[:, 1])
    ends = np.quantile(factors[1:], [0.025, 0.975])
    ends_of = zip(shown.tolist(), curves[0].tolist(), low.tolist(), high.tolist(), strict=True)
    points = tuple(ClassSizePoint(n, v, min(a, v), max(b, v)) for n, v, a, b in ends_of)
    doubling = Interval(float(factors[0]), float(ends[0]), float(ends[1]), int(totals.sum()))
    return ClassSize(len(people), train_pictures, tuple(capped), doubling, points)
