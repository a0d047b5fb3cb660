import csv
import io
import math

import pytest
from rich.console import Console

from facetrial.metrics.summary import summarise
from facetrial.report.console import print_summary
from facetrial.report.rendering.formatting import percent, ranked_people
from facetrial.report.rendering.text_tables import csv_table, markdown_table
from tests.helpers.made_up import about, made_up_rows


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


def test_printed_summary_holds_figures_and_hostile_names_alike(checks):
    people = {"[red]Ann[/red]": 30, "Bob": 20}
    rows = made_up_rows(people, attacked=0.5)
    rows.loc[0, "status"] = "not_attackable"
    summary = summarise(rows, about(synthetic=True, limit=50), dict.fromkeys(people, 7), checks)
    console = Console(record=True, width=120, file=io.StringIO())
    print_summary(summary, console)
    text = console.export_text()
    for shown in (
        "[red]Ann[/red]",
        percent(summary["robust_accuracy"]["value"]),
        "synthetic",
        "data.limit=50",
    ):
        assert shown in text
    assert "1 not attackable" in " ".join(text.split())
    assert "all checks passed" in text


def test_failed_check_is_printed(checks):
    checks["referee"]["passed"] = False
    rows = made_up_rows({"Ann": 5}, attacked=0.5)
    console = Console(record=True, width=120, file=io.StringIO())
    print_summary(summarise(rows, about(), {"Ann": 5}, checks), console)
    assert "NOT TRUSTED, failed: referee" in " ".join(console.export_text().split())


def test_people_are_ranked_by_what_the_attack_left(checks):
    rows = made_up_rows({"Ann": 10, "Bob": 10, "Cy": 4, "Dee": 3}, attacked=0.5)
    for name, right in (("Ann", True), ("Bob", False), ("Cy", False)):
        rows.loc[rows["identity"] == name, "correct_attacked"] = right
    rows.loc[rows["identity"] == "Dee", "status"] = "not_attackable"
    summary = summarise(rows, about(), dict.fromkeys(["Ann", "Bob", "Cy", "Dee"], 5), checks)
    assert [name for name, _ in ranked_people(summary)] == ["Bob", "Cy", "Ann"]


def test_tables_keep_their_shape_whatever_is_in_a_cell():
    table = markdown_table(["a", "b"], [["x|y\nz", 1]])
    assert table.splitlines() == ["| a | b |", "| :-- | --: |", "| x\\|y z | 1 |"]
    text = csv_table(["a", "b"], [['say "x", y', math.nan]])
    assert list(csv.reader(io.StringIO(text))) == [["a", "b"], ['say "x", y', ""]]
