"""Columns of the study's table compared picture by picture, and what the intervals allow to say."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from facetrial.report.claims import ONE_RUN, as_sentence, compared, shown_side
from facetrial.statistics.intervals import Interval
from facetrial.statistics.paired import holm, mcnemar, paired_test


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
    """Two columns on the same pictures: `difference` is the accuracy in `second` less that in `first`.

    Attributes:
        p: goes with the difference's interval, corrected by Holm's method for all that the table compares.
        mcnemar_p: exact, pictures as independent, and not corrected.
        sentence: what they allow to say.
    """

    first: Column
    second: Column
    difference: Interval
    p: float
    mcnemar_p: float
    sentence: str


@dataclass(frozen=True)
class _Question:
    """What a table was made to answer.

    Attributes:
        first, second: keys of columns.
        what: the second, as the subject of a sentence.
        than: the first.
        claim: of the study; "" where it made none.
        trained: whether the two differ in a training.
    """

    first: str
    second: str
    what: str
    than: str
    claim: str = ""
    trained: bool = False


_ALL_OVER, _LANDMARKS = "the same noise all over the picture", "noise on the landmarks"
_TRAINING = "adversarial training"
_QUESTIONS = (
    _Question("random", "landmarks", _LANDMARKS, _ALL_OVER, "that noise on the landmarks costs more"),
    _Question("scattered", "landmarks", _LANDMARKS, "the same noise elsewhere on the face"),
    _Question("random", "scattered", "noise elsewhere on the face", _ALL_OVER),
    _Question("landmarks", "adv", f"under noise on the landmarks, {_TRAINING}", "none", trained=True),
    _Question("random", "adv_random", f"under noise all over the picture, {_TRAINING}", "none", trained=True),
    _Question("raw", "adv_raw", f"on clean pictures, {_TRAINING}", "none", trained=True),
)


def compare_columns(verdicts: Mapping[Column, np.ndarray], identities: np.ndarray) -> Iterator[Comparison]:
    """Every comparison whose two columns are there.

    Args:
        verdicts: bool (N,) for each column: which pictures are recognised.
        identities: (N,), who is on each picture.
    """
    by_key = {column.key: column for column in verdicts}
    asked = [one for one in _QUESTIONS if one.first in by_key and one.second in by_key]
    columns = [(by_key[one.first], by_key[one.second]) for one in asked]
    tests = [paired_test(verdicts[first], verdicts[second], identities) for first, second in columns]
    corrected = holm([p for _, p in tests]).tolist()
    for question, (first, second), (difference, _), p in zip(asked, columns, tests, corrected, strict=True):
        sentence = _sentence(question, difference, p, len(asked))
        yield Comparison(first, second, difference, p, mcnemar(verdicts[first], verdicts[second]), sentence)


def _sentence(question: _Question, difference: Interval, p: float, tests: int) -> str:
    """What interval and test allow to say, and no more."""
    note = ONE_RUN if question.trained else ""
    said = as_sentence(compared(question.what, question.than, difference, p, tests=tests, note=note))
    if not question.claim:
        return said
    found = {
        -1: "holds here.",
        0: "is neither shown nor refuted.",
        1: "does not hold here: it is the other way round.",
    }
    return f"{said} The study's claim, {question.claim}, {found[shown_side(difference, p)]}"
