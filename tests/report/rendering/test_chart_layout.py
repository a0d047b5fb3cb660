"""Where the points of a chart stand, in which colours, and its ticks."""

import pytest

from facetrial.report.rendering.chart_layout import in_words, lay_out, log_ticks, told_of
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
    assert log_ticks([25, 26]) == [25, 26]
    assert log_ticks([18, 20, 22, 28]) == [18, 28]
    assert log_ticks(list(range(3, 120))) == pytest.approx([5, 10, 20, 50, 100])


def test_numbers_of_a_thousand_and_more_are_whole():
    assert [in_words(value, False) for value in (0.0123, 999.4, 14630.2, -1234.5)] == [
        "0.0123",
        "999",
        "14,630",
        "-1,234",
    ]
