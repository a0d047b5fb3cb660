"""Columns of the study's table compared picture by picture, and what the intervals allow to say."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from facetrial.statistics.intervals import Interval
from facetrial.statistics.paired import mcnemar, paired_difference


@dataclass(frozen=True)
class Column:
    """A column of the table.

    Attributes:
        key: short name.
        title: what heads the column.
        attack: name of the trial's attack; None = clean pictures.
        defenses: names of the trial's defences.
    """

    key: str
    title: str
    attack: str | None
    defenses: tuple[str, ...] = ()


@dataclass(frozen=True)
class Comparison:
    """Two columns on the same pictures: `difference` is the accuracy in `second` less that in `first`."""

    first: Column
    second: Column
    difference: Interval
    p: float
    sentence: str


@dataclass(frozen=True)
class _Question:
    first: str
    second: str
    than: str
    where: str
    claim: str = ""


_ELSEWHERE = "the same noise elsewhere on the face"
_QUESTIONS = (
    _Question(
        "random",
        "landmarks",
        "under the same noise all over the picture",
        "under noise on the landmarks",
        "that noise on the landmarks costs more",
    ),
    _Question("scattered", "landmarks", f"under {_ELSEWHERE}", "under noise on the landmarks"),
    _Question(
        "random",
        "scattered",
        "under the same noise all over the picture",
        "under noise elsewhere on the face",
    ),
    _Question("landmarks", "adv", "without it", "with adversarial training, under noise on the landmarks"),
    _Question(
        "random", "adv_random", "without it", "with adversarial training, under noise all over the picture"
    ),
    _Question("raw", "adv_raw", "without it", "with adversarial training, on clean pictures"),
)


def compare_columns(verdicts: Mapping[Column, np.ndarray], identities: np.ndarray) -> Iterator[Comparison]:
    """Every comparison whose two columns are there.

    Args:
        verdicts: bool (N,) for each column: which pictures are recognised.
        identities: (N,), who is on each picture.
    """
    by_key = {column.key: column for column in verdicts}
    for question in _QUESTIONS:
        if question.first not in by_key or question.second not in by_key:
            continue
        first, second = by_key[question.first], by_key[question.second]
        difference = paired_difference(verdicts[first], verdicts[second], identities)
        p = mcnemar(verdicts[first], verdicts[second])
        yield Comparison(first, second, difference, p, _sentence(question, difference))


def _sentence(question: _Question, difference: Interval) -> str:
    """What the interval allows to say, and no more."""
    where = question.where[0].upper() + question.where[1:]
    low, high = 100 * difference.low, 100 * difference.high
    if high < 0:
        said = f"{where}, accuracy is {-high:.1f} to {-low:.1f} points lower than {question.than}."
        claim = f" The study's claim, {question.claim}, holds here."
    elif low > 0:
        said = f"{where}, accuracy is {low:.1f} to {high:.1f} points higher than {question.than}."
        claim = f" The study's claim, {question.claim}, does not hold here: it is the other way round."
    else:
        said = (
            f"These pictures do not decide: {question.where}, accuracy may lie anywhere from {-low:.1f} points lower "
            f"to {high:.1f} points higher than {question.than}."
        )
        claim = f" The study's claim, {question.claim}, is neither shown nor refuted."
    return said + (claim if question.claim else "")
