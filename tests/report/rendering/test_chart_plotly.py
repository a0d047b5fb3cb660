"""What plotly is given of a chart."""

import json

import pytest

from facetrial.report.rendering.chart_plotly import plotly_chart
from facetrial.report.rendering.components import Chart, Series
from tests.helpers.charts import BY_PART, CLEAN, PARTS


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
