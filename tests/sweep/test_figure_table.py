"""A table of figures, as a chart and as files."""

from dataclasses import replace

import pytest

from facetrial.report.rendering.components import Chart, Noted
from facetrial.statistics.intervals import wilson
from facetrial.sweep.figure_table import Cell, FigureTable
from tests.helpers.defended import trial


@pytest.fixture
def table():
    cells = {
        ("Ann", "raw"): Cell(wilson(3, 4), wilson(1, 4)),
        ("Bob", "raw"): Cell(None, wilson(2, 4)),
        ("Bob", "noise"): Cell(wilson(1, 4)),
    }
    drawn = [trial("pgd", "none", 0.5, synthetic=True), trial("random", "none", 0.5, synthetic=True)]
    return FigureTable(["Ann", "Bob"], {"raw": "as it is", "noise": "with noise"}, cells, drawn)


def test_columns_are_dots_and_what_stands_beside_them_hollow(table):
    filled, hollow = table.dots("raw", "clean", {"Ann": "Ann A", "Bob": "Bob B"})
    assert (filled.name, list(filled.x), list(filled.y)) == ("as it is", ["Ann A"], [0.75])
    assert (filled.low, filled.high) == ([wilson(3, 4).low], [wilson(3, 4).high])
    assert (list(hollow.x), list(hollow.y), hollow.hollow) == (["Ann A", "Bob B"], [0.25, 0.5], True)
    assert filled.tone == hollow.tone == "clean"
    [alone] = table.dots("noise", "attacked")
    assert list(alone.x) == ["Bob"]
    beside = Noted(wilson(3, 4), "25 % before")
    assert table.shown("Ann", lambda found: f"{found.value:.0%} before".replace("%", " %")) == [beside, None]
    assert table.shown("Bob", lambda _: "", ["noise"]) == [wilson(1, 4)]


def test_files_say_once_what_must_be_known_of_any_trial(table, tmp_path):
    text = table.document("Two people", ["What they are of.\n"])
    assert text.startswith("# Two people\n")
    assert text.count("> **Synthetic") == 1
    assert text.endswith("What they are of.\n")
    trusted = replace(table, summaries=[replace(one, synthetic=False) for one in table.summaries])
    assert "> **" not in trusted.document("Two people", [])
    chart = Chart("two", "Dots.", "", "", "left", table.dots("raw", "clean"))
    written = table.write(tmp_path, {"two.md": text}, chart)
    assert [path.name for path in written] == ["two.md", "two.png", "two.svg"]
    assert (tmp_path / "two.md").read_text() == text
