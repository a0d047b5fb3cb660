"""How much it takes, as a report shows it."""

import json

import numpy as np
import pytest
from PIL import Image

from facetrial.core.plain import write_json
from facetrial.metrics.security_curve import security_curve
from facetrial.metrics.summary_json import read_summary
from facetrial.report.rendering import theme as figures
from facetrial.report.rendering.chart_layout import lay_out
from facetrial.report.rendering.chart_matplotlib import chart_figure
from facetrial.report.rendering.chart_plotly import plotly_chart
from facetrial.report.sections.security_curve import curve_chart
from facetrial.report.trial_report import write_report
from facetrial.report.wording import sentences
from tests.helpers.made_up import about, made_up_summary
from tests.helpers.smallest_rows import PEOPLE, rows_with_smallest


@pytest.fixture
def rows():
    return rows_with_smallest()


@pytest.mark.parametrize("robust", [False, True])
def test_the_report_shows_it(rows, checks, tmp_path, robust):
    if robust:
        rows["smallest"] = np.inf
    curve = security_curve(rows, "linf", 64 / 255, "dodging")
    summary = made_up_summary(rows, about(), dict.fromkeys(PEOPLE, 5), checks, curve=curve)
    write_json(summary, tmp_path / "summary.json")
    summary = read_summary(tmp_path / "summary.json")
    text = write_report(tmp_path, summary).read_text(encoding="utf-8")
    Image.open(tmp_path / "curve.png").verify()
    assert "How much it takes" in text
    said = next(sentence for sentence in sentences(summary) if "smallest change" in sentence)
    assert ("is more than 64/255 at" if robust else "is 1/255 at the median (linf;") in said


def test_the_chart_holds_every_point_and_bears_nobody(rows):
    curve = security_curve(rows, "linf", 64 / 255, "dodging")
    chart = curve_chart(curve)
    assert list(chart.series[0].x) == [point.size for point in curve.points]
    assert list(chart.series[0].y) == [point.value for point in curve.points]
    assert (chart.level, chart.mark) == (curve.clean.value, curve.median.value)
    assert "1/255: 40.0 %" in chart.alt
    nobody = curve_chart(security_curve(rows.assign(status="not_attackable"), "linf", 64 / 255, "dodging"))
    assert lay_out(nobody).empty
    assert json.dumps(plotly_chart(nobody), allow_nan=False).count("nothing was measured") == 1
    assert figures.figure_bytes(chart_figure(nobody), "svg")
