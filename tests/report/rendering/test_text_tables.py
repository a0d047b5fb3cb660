"""Tables as Markdown and CSV, whatever stands in a cell."""

import csv
import io
import math

from facetrial.report.rendering.components import Noted, Points
from facetrial.report.rendering.text_tables import csv_table, markdown_table
from facetrial.statistics.intervals import Interval


def test_differences_are_in_points_with_their_interval():
    found = markdown_table(
        ["a"], [[Points(Interval(-0.125, -0.5, 0.25, 9)), Points(Interval(math.nan, 0.0, 1.0, 0))]]
    ).splitlines()[2]
    assert found == "| -12.5 points (-50.0 to +25.0, n = 9) | \u2013 |"


def test_tables_keep_their_shape_whatever_is_in_a_cell():
    table = markdown_table(["a", "b"], [["x|y\nz", 1]])
    assert table.splitlines() == ["| a | b |", "| :-- | --: |", "| x\\|y z | 1 |"]
    table = markdown_table(["a"], [["<img src=x onerror=alert(1)>"], ["< 0.1 %"], ["\x1b[2J"]])
    assert table.splitlines()[2:] == ["| &lt;img src=x onerror=alert(1)> |", "| < 0.1 % |", r"| \x1b[2J |"]
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


def test_no_text_is_a_formula_of_a_spreadsheet():
    text = csv_table([{"@run": "=1+1", "lost": -0.25, "kept": "a=b"}])
    assert list(csv.reader(io.StringIO(text))) == [["'@run", "lost", "kept"], ["'=1+1", "-0.25", "a=b"]]
