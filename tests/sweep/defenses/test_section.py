"""A table of defences on a page."""

import pytest

from facetrial.report.rendering.formatting import percent
from facetrial.report.rendering.render import show_table
from facetrial.sweep.defenses.section import defenses_section
from facetrial.sweep.defenses.table import build_defense_table
from tests.helpers.defended import defended_trials


@pytest.fixture
def summaries():
    return defended_trials()


def test_the_page_shows_every_figure_of_the_table(summaries):
    section = defenses_section(build_defense_table(summaries))
    assert "counts as recognised" in section.note
    assert "counts as recognised" not in defenses_section(build_defense_table(summaries[:4])).note
    [table], [chart] = section.tables, section.charts
    assert {len(line) for line in table.lines} == {len(table.header)}
    shown = show_table(table)
    assert [column["numeric"] for column in shown["header"]] == [False] + [True] * 6
    jpeg = next(line for line in shown["lines"] if line[0]["text"] == "jpeg")
    left = summaries[0].robust_accuracy
    naive = summaries[1].robust_accuracy.value
    assert jpeg[3]["text"] == percent(left.value)
    assert jpeg[3]["below"].endswith(f"n = {left.n}, naive {percent(naive)}")
    assert jpeg[4]["text"] == "–"  # noqa: RUF001
    hollow = [series for series in chart.series if series.hollow]
    assert [list(series.y) for series in hollow] == [[naive]]
    assert hollow[0].tone == next(series.tone for series in chart.series if series.name == "pgd")
