"""What is claimed, and that nothing else is."""

import doctest

import pytest

from facetrial.report import claims
from facetrial.report.claims import as_sentence, compared, shown_side
from facetrial.statistics.intervals import Interval


def test_examples():
    assert doctest.testmod(claims).failed == 0


@pytest.mark.parametrize(
    ("low", "high", "p", "side"),
    [
        (0.1, 0.3, None, 1),
        (-0.3, -0.1, 0.01, -1),
        (0.1, 0.3, 0.05, 0),
        (0.1, 0.3, float("nan"), 0),
        (-0.1, 0.3, 0.01, 0),
        (0.0, 0.3, None, 0),
    ],
)
def test_only_what_interval_and_test_show_is_shown(low, high, p, side):
    figure = Interval((low + high) / 2, low, high, 40)
    assert shown_side(figure, p) == side
    assert ("is not shown to leave fewer or more" in compared("a", "b", figure, p)) == (side == 0)
    assert shown_side(Interval(1.4, 1.1, 1.9, 40), null=1.0) == 1
    assert shown_side(Interval(float("nan"), -1.0, 1.0, 0)) == 0


def test_a_clause_names_what_it_rests_on():
    told = compared(
        "training", "none", Interval(0.2, 0.1, 0.3, 5), 0.004, tests=3, left="recognised or flagged",
        over="over 5 training runs", note="over people -1.0 to +30.0",
    )  # fmt: skip
    assert as_sentence(told) == (
        "Training leaves 20.0 points more recognised or flagged than none (95 % interval over 5 training runs 10.0 to "
        "30.0; p 0.004 after Holm's correction for 3; over people -1.0 to +30.0)."
    )
    assert compared("a", "b", Interval(float("nan"), -1.0, 1.0, 0)) == "a and b have no picture in common"
