"""The tasks of a trial together: what the summary, the table and the report's section say of them."""

import json

import numpy as np
import pytest
import torch

from facetrial.metrics.summary_json import write_json
from facetrial.metrics.tasks.summary import tasks_rows, tasks_summary
from facetrial.recognition.gallery_head import GalleryHead
from facetrial.recognition.victim import Victim
from facetrial.report.sections.tasks import tasks_section
from tests.helpers.embedded import embedded_people
from tests.helpers.made_up import made_up_rows


@pytest.fixture(scope="module")
def made():
    embeddings, _, targets, centres = embedded_people(40, 6)
    names = [f"P{number:02}" for number in range(40)]
    rows = made_up_rows(dict.fromkeys(names, 6), attacked=0.4)
    for version in ("clean", "attacked", "8bit"):
        rows[f"rank_{version}"] = np.where(rows[f"correct_{version}"], 1, 3)
    rows["target"] = [names[target] for target in targets]
    victim = Victim(torch.nn.Identity(), GalleryHead(torch.from_numpy(centres)), names)
    return rows, embeddings, victim, names


@pytest.fixture(scope="module")
def tasks(made):
    return tasks_summary(*made, split_seed=0, trained_on_all=True)


def test_all_three_are_told(tasks):
    assert tasks["identification"]["rank5"]["attacked"]["value"] == 1
    assert tasks["verification"]["points"][0]["impersonation"]["attacked"]["value"] > 0.2
    assert tasks["open_set"]["points"][0]["identified"]["clean"]["value"] > 0.5
    assert tasks["open_set"]["trained_on_all"] is True


def test_the_table_has_a_line_a_figure_version_and_person(tasks):
    rows = tasks_rows(tasks)
    assert set(rows["task"]) == {"identification", "verification", "open_set"}
    assert not rows.duplicated(["task", "figure", "wanted_rate", "person", "version"]).any()
    chosen = rows[(rows["figure"] == "tar") & (rows["wanted_rate"] == 1e-2) & (rows["version"] == "attacked")]
    assert chosen["value"].tolist() == [tasks["verification"]["points"][0]["tar"]["attacked"]["value"]]
    assert (rows["person"] != "").sum() == 40 * 2 * 3
    assert 1e-4 not in rows["wanted_rate"].tolist()


def test_the_section_is_made_from_what_lies_on_disk(tasks, tmp_path):
    write_json({"tasks": tasks}, tmp_path / "summary.json")
    section = tasks_section(json.loads((tmp_path / "summary.json").read_text()))
    (table,) = section.tables
    assert {len(line) for line in table.lines} == {4}
    assert table.lines[0][1] == tasks["identification"]["top1"]["clean"]
    said = " ".join(section.sentences)
    assert "accepts 0.1 % of the clean pairs of two people" in said
    assert (
        "Verification at a false accept rate of 0.01 % cannot be told: there are too few pairs of two people"
        in said
    )
    assert "its target" in said
    assert "trained on pictures of all these people" in section.note
    for chart in section.charts:
        for series in chart.series:
            assert len(series.x) == len(series.y) > 10
            assert np.isfinite(series.y).all()


def test_where_embeddings_are_missing_identification_is_told_all_the_same(made):
    rows, _, victim, names = made
    tasks = tasks_summary(rows, None, victim, names, 0, False)
    assert len(tasks_rows(tasks)) == 41 * 2 * 3
    section = tasks_section({"tasks": tasks})
    assert "Verification cannot be told" in section.sentences[0]
    assert section.charts == ()
    assert tasks_section({}) is None
