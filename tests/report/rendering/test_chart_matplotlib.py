"""Figures leave matplotlib as it was, and are the same bytes again."""

import matplotlib
import pytest

from facetrial.report.rendering import theme as figures
from facetrial.report.rendering.chart_matplotlib import chart_figure
from facetrial.report.rendering.components import Chart, Series
from facetrial.report.sections.accuracy import people_chart
from tests.helpers.hostile import N_TRAIN, hostile_rows
from tests.helpers.made_up import about, made_up_summary


@pytest.fixture(scope="module")
def rows():
    return hostile_rows()


def test_figures_leave_matplotlib_as_it_was_and_repeat(rows, checks):
    before = dict(matplotlib.rcParams)
    summary = made_up_summary(rows, about(), N_TRAIN, checks)
    first, second = (
        figures.figure_bytes(chart_figure(people_chart(summary), [summary]), "svg") for _ in range(2)
    )
    assert first == second
    assert dict(matplotlib.rcParams) == before


def test_names_are_no_formulas_wherever_they_stand():
    name = "$\\frac{ 5$"  # which matplotlib's mathematics cannot read
    chart = Chart("names", name, name, name, name, [Series(name, [name, "Ann"], [0.2, 0.4])])
    assert figures.figure_bytes(chart_figure(chart), "png").startswith(b"\x89PNG")
