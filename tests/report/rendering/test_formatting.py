"""Figures, people and tables as texts."""

import csv
import io
import math

import pytest

from facetrial.report.rendering.components import Noted
from facetrial.report.rendering.formatting import percent, ranked_people
from facetrial.report.rendering.text_tables import csv_table, markdown_table
from facetrial.statistics.intervals import Interval
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


def test_tables_keep_their_shape_whatever_is_in_a_cell():
    table = markdown_table(["a", "b"], [["x|y\nz", 1]])
    assert table.splitlines() == ["| a | b |", "| :-- | --: |", "| x\\|y z | 1 |"]
    figure = Interval(0.5, 0.25, 0.75, 9)
    cells = [
        figure,
        Noted(figure, "naive"),
        Noted(None, "naive"),
        None,
        Interval(math.nan, 0.0, 1.0, 0),
        1 / 3,
    ]
    said = (
        "| 50.0 % (25.0 to 75.0 %, n = 9) | 50.0 % (25.0 to 75.0 %, n = 9, naive) | \u2013 (naive) | \u2013 |"
    )
    assert markdown_table(["a"], [cells]).splitlines()[2] == f"{said} \u2013 (n = 0) | 0.333 |"
    text = csv_table([{"a": 'say "x", y', "b": math.nan}])
    assert list(csv.reader(io.StringIO(text))) == [["a", "b"], ['say "x", y', ""]]
