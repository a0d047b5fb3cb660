"""Figures and people as texts."""

import math

import pytest

from facetrial.report.rendering.formatting import percent, ranked_people
from tests.helpers.made_up import about, made_up_rows, made_up_summary


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.1234, "12.3 %"),
        (1.0, "100.0 %"),
        (0.0, "0.0 %"),
        (0.9999, "> 99.9 %"),
        (0.0001, "< 0.1 %"),
        (math.nan, "\u2013"),
        (None, "\u2013"),
    ],
)
def test_percent_never_rounds_to_all_or_nothing(value, shown):
    assert percent(value) == shown


def test_people_are_ranked_by_what_the_attack_left(checks):
    rows = made_up_rows({"Ann": 10, "Bob": 10, "Cy": 4, "Dee": 3}, attacked=0.5)
    for name, right in (("Ann", True), ("Bob", False), ("Cy", False)):
        rows.loc[rows["identity"] == name, "correct_attacked"] = right
    rows.loc[rows["identity"] == "Dee", "status"] = "not_attackable"
    summary = made_up_summary(rows, about(), dict.fromkeys(["Ann", "Bob", "Cy", "Dee"], 5), checks)
    assert [name for name, _ in ranked_people(summary)] == ["Bob", "Cy", "Ann"]
