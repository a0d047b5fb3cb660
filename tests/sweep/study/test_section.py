"""The study's table on a page: every figure of it, beside what the study found."""

import pytest

from facetrial.report.rendering.components import Noted
from facetrial.report.rendering.formatting import shown_name
from facetrial.sweep.study.section import noise_level, study_chart, study_section, study_table
from facetrial.sweep.study.table import EVERYBODY, STUDY_COLUMNS, STUDY_FIGURES, build_study
from tests.helpers.sweeps import made_up_trials


@pytest.fixture(scope="module")
def study():
    return build_study(made_up_trials())


def test_a_line_a_person_and_a_column_a_trial(study):
    table = study_table(study)
    assert [line[0] for line in table.lines] == [*STUDY_FIGURES, EVERYBODY]
    assert len(table.header) == 1 + 7
    for line in table.lines:
        for key, title, shown in zip(study.columns, table.header[1:], line[1:], strict=True):
            assert study.columns[key] == title
            cell = study.cells[line[0], key]
            if cell.beside is None:
                assert shown == cell.figure
            else:
                assert shown == Noted(cell.figure, f"study {cell.beside.value:.1%}")


def test_the_chart_has_a_series_a_column_and_hollow_points_of_the_study(study):
    chart = study_chart(study, "mine")
    assert chart.name == "mine"
    filled = [series for series in chart.series if not series.hollow]
    hollow = [series for series in chart.series if series.hollow]
    assert [series.name for series in filled] == [column.title for column in STUDY_COLUMNS]
    for column, series, beside in zip(STUDY_COLUMNS, filled, hollow, strict=True):
        cells = [study.cells[person, column.key] for person in study.rows]
        assert list(series.y) == [cell.figure.value for cell in cells]
        assert list(beside.y) == [figures[column.key] for figures in STUDY_FIGURES.values()]
        assert beside.tone == series.tone
    assert filled[0].x[0].replace("\n", " ").startswith(f"{shown_name(study.rows[0])} n = ")


def test_what_sets_a_table_apart_stands_in_its_title(study):
    assert study_section(study).title == "The study's table"
    section = study_section(study, "study-seed=1", "seed=1")
    assert section.title == "The study's table: seed=1"
    assert section.sentences == [comparison.sentence for comparison in study.comparisons]
    assert f"the {study.n} of {study.n_tested} test pictures" in section.note
    assert noise_level(study) == ""
    assert section.note == section.note.rstrip()
