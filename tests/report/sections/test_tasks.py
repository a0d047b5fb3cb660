"""What a report says of the tasks."""

from dataclasses import replace

import numpy as np
import pytest

from facetrial.core.plain import write_json
from facetrial.metrics.summary_json import read_summary
from facetrial.metrics.tasks.summary import tasks_rows, tasks_summary
from facetrial.report.sections.tasks import tasks_section
from tests.helpers.defended import trial
from tests.helpers.embedded import embedded_trial

TRIAL = trial("pgd", "none", 0.5)


@pytest.fixture(scope="module")
def made():
    return embedded_trial()


@pytest.fixture(scope="module")
def tasks(made):
    return tasks_summary(*made, split_seed=0, trained_on_all=True)


def test_the_section_is_made_from_what_lies_on_disk(tasks, tmp_path):
    write_json(replace(TRIAL, tasks=tasks), tmp_path / "summary.json")
    section = tasks_section(read_summary(tmp_path / "summary.json"))
    (table,) = section.tables
    assert {len(line) for line in table.lines} == {4}
    assert table.lines[0][1] == tasks.identification.top1["clean"]
    said = " ".join(section.sentences)
    assert "accepts 0.1 % of the validation pairs of two people" in said
    assert (
        "Verification at a false accept rate of 0.01 % cannot be told: the 200 validation pictures are worth "
        "19,500 independent pairs of two people, and 30,000 are needed." in said
    )
    assert "its target" in said
    point = tasks.verification.points[0]
    (line,) = [
        line
        for line in table.lines
        if line[0] == "Verification: pairs of one person accepted, false accepts 1 %"
    ]
    assert line[1].figure == point.tar.over_people["clean"]
    assert (
        line[1].note == f"40 people; pair by pair {100 * point.tar.pooled['clean']:.1f} %, as of 40.0 people"
    )
    assert "trained on pictures of all these people" in section.note
    for chart in section.charts:
        for series in chart.series:
            assert len(series.x) == len(series.y) > 10
            assert np.isfinite(series.y).all()


def test_where_embeddings_are_missing_identification_is_told_all_the_same(made):
    rows, _, held_out, victim, names = made
    tasks = tasks_summary(rows, None, held_out, victim, names, 0, False)
    assert len(tasks_rows(tasks)) == 41 * 2 * 3
    section = tasks_section(replace(TRIAL, tasks=tasks))
    assert "Verification cannot be told" in section.sentences[0]
    assert section.charts == ()
    assert tasks_section(TRIAL) is None
