"""Sections on a page and as files beside it."""

import math
from xml.etree import ElementTree

import pytest
from PIL import Image

from facetrial.report import trial_report as report
from facetrial.report.rendering.components import Noted, Table
from facetrial.report.rendering.render import show_table
from facetrial.statistics.intervals import Interval
from facetrial.sweep import report as sweep_report
from facetrial.sweep.runs import Run
from tests.helpers.charts import BY_PART, BY_SIZE, HOSTILE, SECTION
from tests.helpers.made_up import CHECKS, about, made_up_rows, made_up_summary


def summary():
    return made_up_summary(made_up_rows({"A": 6, "B": 6}, attacked=0.5), about(), {"A": 9, "B": 9}, CHECKS)


@pytest.fixture(params=["trial", "sweep"])
def folder(request, tmp_path, monkeypatch):
    found = summary()
    if request.param == "trial":
        monkeypatch.setattr(report, "TRIAL_SECTIONS", [lambda summary: None, lambda summary: SECTION])
        report.write_report(tmp_path, found)
    else:
        monkeypatch.setattr(sweep_report, "SWEEP_SECTIONS", [lambda runs: None, lambda runs: SECTION])
        sweep_report.write_sweep_report([Run(tmp_path / "0", ("attack=landmarks",), found)], {}, tmp_path)
    return tmp_path


def test_a_section_is_on_the_page_and_its_files_beside_it(folder):
    page = (folder / "report.html").read_text(encoding="utf-8")
    for words in (
        "Where it is weak",
        "The eyes are weakest.",
        "Read it so.",
        "Dots of two parts.",
        "Dark: weak.",
    ):
        assert words in page
    assert 'alt="A face, dark at the eyes."' in page
    assert HOSTILE not in page
    for chart in (BY_PART, BY_SIZE):
        with Image.open(folder / f"{chart.name}.png") as image:
            image.verify()
        ElementTree.parse(folder / f"{chart.name}.svg")
    with Image.open(folder / "face.png") as image:
        assert image.size == (6, 8)


def test_a_table_sorts_figures_by_their_value():
    figures = [Interval(v, v, v, 3) for v in (0.5, math.nan)]
    lines = [["a_b", figures[0], 3], ["b", figures[1], None], ["c", Noted(figures[0], "more"), 1]]
    lines.append(["d", Noted(None, "more"), 1])
    shown = show_table(Table("t", ["who", "left", "n"], lines))
    assert [column["numeric"] for column in shown["header"]] == [False, True, True]
    assert shown["lines"][0][1] == {"text": "50.0 %", "below": "50.0 to 50.0 %, n = 3", "sort": 0.5}
    assert [line[1]["sort"] for line in shown["lines"]] == [0.5, "", 0.5, ""]
    below = ["50.0 to 50.0 %, n = 3", "n = 3", "50.0 to 50.0 %, n = 3, more", "more"]
    assert [line[1]["below"] for line in shown["lines"]] == below
    assert shown["lines"][0][0] == {"text": "a_b", "below": "", "sort": "a_b"}
