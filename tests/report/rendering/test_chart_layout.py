"""Where the points of a chart stand, in which colours, and its ticks."""

from dataclasses import replace

import pytest

from facetrial.report.rendering.chart_layout import lay_out, log_ticks, told_of
from facetrial.report.rendering.chart_matplotlib import chart_figure
from facetrial.report.rendering.chart_plotly import plotly_chart
from facetrial.report.rendering.components import Chart, Series
from facetrial.report.rendering.formatting import NOTHING
from tests.helpers.charts import BY_PART, CLEAN


def test_series_of_one_tone_share_a_place_and_others_stand_beside():
    clean, parts, again = lay_out(BY_PART).placed
    assert lay_out(BY_PART).categories == ["eyes", "nose"]
    assert clean.x[0] < parts.x[0] < parts.x[1] < again.x[0] < 1.5
    assert parts.number == again.number != clean.number


def test_what_was_not_measured_is_told_but_has_no_place():
    clean = lay_out(BY_PART).placed[0]
    assert (clean.y, clean.told) == ([0.9], ["clean, eyes: 90.0 %"])
    assert told_of(BY_PART, CLEAN) == [*clean.told, f"clean, nose: {NOTHING}"]


def test_series_without_a_tone_take_one_that_nobody_asked_for():
    series = [Series("a", [1], [1]), Series("b", [1], [1], tone="clean"), Series("c", [1], [1])]
    tones = [placed.tone for placed in lay_out(Chart("c", "", "", "", "", series)).placed]
    assert tones == ["attacked", "clean", "eight_bit"]


def test_ticks_of_a_logarithmic_axis():
    assert log_ticks([2, 0.5, 1]) == [0.5, 1, 2]
    assert log_ticks([12, 13, 14, 17, 18, 19]) == [12, 14, 19]  # none of 10, 20 is among them
    assert log_ticks([13, 14]) == [13, 14]
    assert log_ticks(list(range(3, 120))) == pytest.approx([5, 10, 20, 50, 100])


def test_an_axis_of_small_shares_may_end_at_the_largest():
    series = [Series("a", [1, 2], [0.02, 0.04], line=True)]
    chart = Chart("c", "", "", "", "", series)
    assert lay_out(chart).percent_range == (-0.03, 1.05)
    small = replace(chart, to_largest=True)
    assert lay_out(small).percent_range == pytest.approx((-0.0012, 0.042))
    assert plotly_chart(small)["layout"]["yaxis"]["range"] == pytest.approx([-0.0012, 0.042])
    [axes] = chart_figure(small).axes
    assert axes.get_ylim() == pytest.approx((-0.0012, 0.042))
    labels = [text.get_text() for text in axes.get_yticklabels()]
    assert {"0 %", "1 %", "2 %", "3 %", "4 %"} <= set(labels)
    nothing = [Series("a", [1], [0.0])]
    assert lay_out(replace(small, series=nothing)).percent_range == (-0.03, 1.05)
