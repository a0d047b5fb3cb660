"""Sections on a page and as files."""

import base64
import gzip
import hashlib
import json
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from facetrial.core.errors import FacetrialError
from facetrial.metrics.summary import summarise
from facetrial.report import trial_report as report
from facetrial.report.rendering.chart_layout import lay_out, log_ticks
from facetrial.report.rendering.chart_plotly import plotly_chart
from facetrial.report.rendering.components import Chart, Drawing, Section, Series, Table
from facetrial.report.rendering.html import packed_plotly
from facetrial.report.rendering.render import show_table
from facetrial.sweep import report as sweep_report
from facetrial.sweep.runs import Run
from tests.helpers.made_up import CHECKS, about, made_up_rows

HOSTILE = "</script><script>alert('x')</script>"
PARTS = Series("parts", ["eyes", "nose"], [0.5, 0.4], [0.4, None], [0.6, None], tone="attacked")
CLEAN = Series("clean", ["eyes", "nose"], [0.9, None], tone="clean")
AGAIN = Series("", ["nose"], [0.45], tone="attacked", hollow=True)
BY_PART = Chart("by_part", "Dots of two parts.", "Under it.", "where", "recognised", [CLEAN, PARTS, AGAIN])
BY_SIZE = Chart(
    "by_size",
    f"A curve {HOSTILE}.",
    "Under it.",
    "size",
    "recognised",
    [Series("a curve", [0.5, 1, 2], [0.9, 0.5, 0.1], [0.8, 0.4, 0], [1, 0.6, 0.2], line=True, band=True)],
    log_x=True,
    mark=1.0,
    mark_name="median",
)
SCORES = Table(
    "Scores", ["part", "n", "left"], [["eyes", 3, {"value": 0.5, "low": 0.4, "high": 0.6, "n": 8}]]
)
SECTION = Section(
    "Where it is weak",
    ["The eyes are weakest."],
    "Read it so.",
    [BY_PART, BY_SIZE],
    [SCORES],
    [Drawing("face", "A face, dark at the eyes.", "Dark: weak.", np.zeros((3, 8, 6)))],
)


def summary():
    return summarise(made_up_rows({"A": 6, "B": 6}, attacked=0.5), about(), {"A": 9, "B": 9}, CHECKS)


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


def test_series_of_one_tone_share_a_place_and_others_stand_beside():
    clean, parts, again = lay_out(BY_PART).placed
    assert lay_out(BY_PART).categories == ["eyes", "nose"]
    assert clean.x[0] < parts.x[0] < clean.x[1] < parts.x[1] < again.x[0] < 1.5
    assert parts.number == again.number != clean.number
    assert clean.y == [0.9, None]


def test_series_without_a_tone_take_one_that_nobody_asked_for():
    series = [Series("a", [1], [1]), Series("b", [1], [1], tone="clean"), Series("c", [1], [1])]
    tones = [placed.tone for placed in lay_out(Chart("c", "", "", "", "", series)).placed]
    assert tones == ["attacked", "clean", "eight_bit"]


def test_plotly_gets_what_was_measured_and_no_more():
    chart = plotly_chart(BY_PART)
    clean, parts, _ = chart["data"]
    assert clean["y"] == [0.9]
    assert parts["error_y"]["arrayminus"] == pytest.approx([0.1, 0.0])
    assert parts["hovertext"] == ["parts, eyes: 50.0 % (95 %: 40.0 % to 60.0 %)", "parts, nose: 40.0 %"]
    assert json.loads(json.dumps(chart, allow_nan=False)) == chart
    sideways = plotly_chart(Chart("s", "", "", "where", "recognised", [CLEAN, PARTS], sideways=True))
    assert sideways["data"][0]["x"] == [0.9]
    assert sideways["layout"]["yaxis"]["ticktext"] == ["eyes", "nose"]


def test_plotly_reads_no_markup_from_outside():
    chart = plotly_chart(Chart("s", "", "", "", "", [Series("<b>x", ["<i>y"], [0.5])]))
    assert chart["data"][0]["name"] == "&lt;b&gt;x"
    assert chart["layout"]["xaxis"]["ticktext"] == ["&lt;i&gt;y"]


def test_ticks_of_a_logarithmic_axis():
    assert log_ticks([2, 0.5, 1]) == [0.5, 1, 2]
    assert log_ticks(list(range(3, 120))) == pytest.approx([5, 10, 20, 50, 100])


def test_a_table_sorts_figures_by_their_value():
    figures = [{"value": v, "low": v, "high": v, "n": 3} for v in (0.5, None)]
    shown = show_table(Table("t", ["who", "left", "n"], [["a_b", figures[0], 3], ["b", figures[1], None]]))
    assert [column["numeric"] for column in shown["header"]] == [False, True, True]
    assert shown["lines"][0][1] == {"text": "50.0 %", "below": "50.0 to 50.0 %, n = 3", "sort": 0.5}
    assert [line[1]["sort"] for line in shown["lines"]] == [0.5, ""]
    assert shown["lines"][0][0] == {"text": "a_b", "below": "", "sort": "a_b"}


def test_the_library_that_draws_is_what_its_name_says():
    packed = base64.b64decode(packed_plotly())
    library = gzip.decompress(packed)
    assert library.startswith(b"/**\n* plotly.js (basic - minified) v4.1.1\n")
    assert b"MIT license" in library[:200]
    assert hashlib.sha256(library).hexdigest()[:16] == "99784e3abfb07b14"
    assert len(packed) < 400_000


def test_mistakes_are_named():
    with pytest.raises(FacetrialError, match="expected 2 of y, as of x, found 1"):
        Series("s", [1, 2], [1])
    with pytest.raises(FacetrialError, match="numbers above 0"):
        Chart("c", "", "", "", "", [Series("s", [0, 1], [1, 1])], log_x=True)
