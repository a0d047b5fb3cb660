"""What a report says of the number of training pictures, and of whose doing it is."""

from dataclasses import replace

import numpy as np
import pytest

from facetrial.metrics.class_size import class_size_summary
from facetrial.report.sections.class_size import class_size_section, class_size_sentences, whose
from facetrial.statistics.intervals import Interval
from tests.helpers.class_sizes import rows_of, trial_of, verdicts_of
from tests.helpers.defended import trial


@pytest.mark.parametrize(
    ("slope", "said"), [(0.6, "more often"), (-0.6, "less often"), (0.0, "is not shown")]
)
def test_the_sentence_says_what_the_interval_allows(slope, said):
    section = class_size_section(trial_of(*rows_of(np.random.default_rng(2), slope)))
    assert said in section.sentences[0]
    curve = section.charts[0].series[1]
    assert all(low <= y <= high for low, y, high in zip(curve.low, curve.y, curve.high, strict=True))


def test_people_who_do_not_differ_have_no_section():
    assert class_size_section(trial("pgd", "none", 0.5)) is None


def test_a_handful_of_misses_is_said_to_be_one():
    rows, n_train = rows_of(np.random.default_rng(2), 0.5)
    rows["correct_attacked"] = np.arange(len(rows)) > 1
    section = class_size_section(trial_of(rows, n_train))
    assert section.sentences == [
        "Whether people with more training pictures are recognised more often under attack cannot be told: 2 attacked "
        "pictures were not recognised, of 1 person; it takes 10 of 5 people."
    ]
    assert [series.name for series in section.charts[0].series] == ["people"]


def two_heads(asks_victim: bool):
    """An SVM whose people gain by their pictures, and a gallery that recognises whom it does at random."""
    rows, n_train = rows_of(np.random.default_rng(8), 0.6)
    other = verdicts_of(rows)
    other.recognised[:] = np.random.default_rng(9).random(len(rows)) < 0.6
    return rows, n_train, class_size_summary(rows, n_train, "svm", asks_victim, other)


@pytest.mark.parametrize("asks_victim", [False, True])
def test_both_heads_stand_beside_each_other(asks_victim):
    section = class_size_section(trial_of(*two_heads(asks_victim)))
    heads, margins = section.sentences[1:]
    assert "it belongs to the head; that the pictures help by themselves is not shown" in heads
    assert ("made against svm" in heads) is asks_victim
    assert ("like with like" in heads) is not asks_victim
    assert "Spearman" in margins
    assert [series.name for series in section.charts[0].series] == [
        "people",
        "fitted, svm",
        "fitted, gallery",
    ]
    assert [line[0] for line in section.tables[0].lines] == ["svm", "gallery"]


def test_what_the_other_head_cannot_tell_is_said():
    rows, n_train, found = two_heads(False)
    other = verdicts_of(rows)
    other.recognised[:] = True
    few = class_size_summary(rows, n_train, "svm", False, other)
    assert "cannot be told: with cosine" in class_size_sentences(few)[1]
    assert "0 attacked pictures were not recognised; it takes" in class_size_sentences(few)[1]
    turned = replace(found, own=few.gallery, gallery=found.own, ratio=None)
    assert "the odds change by a factor of" in class_size_sentences(turned)[1]
    # Of the two, either may miss more: the own head may recognise nobody where the other still does.
    assert "on the same embeddings, the odds" in class_size_sentences(turned)[1]


@pytest.mark.parametrize(
    ("own", "gallery", "ratio", "said"),
    [
        (
            (1.54, 1.3, 1.8),
            (1.13, 1.05, 1.3),
            (1.36, 1.2, 1.5),
            "most of it belongs to the head, and the rest",
        ),
        ((1.54, 1.3, 1.8), (1.40, 1.2, 1.6), (1.10, 1.01, 1.2), "a part of it belongs to the head"),
        (
            (1.54, 1.3, 1.8),
            (1.13, 0.9, 1.4),
            (1.36, 1.2, 1.5),
            "it belongs to the head; that the pictures help",
        ),
        (
            (1.54, 1.3, 1.8),
            (1.50, 1.2, 1.8),
            (1.03, 0.9, 1.2),
            "that the head has a share in it is not shown",
        ),
        (
            (1.54, 1.3, 1.8),
            (1.60, 1.2, 1.9),
            (0.96, 0.94, 0.98),
            "that the head has a share in it is not shown",
        ),
        ((1.10, 0.9, 1.3), (1.05, 0.9, 1.2), (1.05, 0.9, 1.2), "is not shown; with cosine, neither"),
        ((1.10, 0.9, 1.3), (1.20, 1.1, 1.3), (0.92, 0.8, 1.1), "is not shown; with cosine, it is"),
        (
            (0.80, 0.7, 0.9),
            (1.00, 0.9, 1.1),
            (0.80, 0.7, 0.9),
            "they harm; with cosine, that they help is not shown",
        ),
    ],
)
def test_a_share_is_told_where_it_is_shown(own, gallery, ratio, said):
    assert said in whose(*(Interval(*figure, 400) for figure in (own, gallery, ratio)))
