"""The tasks of a trial together: what the summary and the table say of them."""

import pytest

from facetrial.metrics.tasks.summary import tasks_rows, tasks_summary
from tests.helpers.embedded import embedded_trial


@pytest.fixture(scope="module")
def made():
    return embedded_trial()


@pytest.fixture(scope="module")
def tasks(made):
    return tasks_summary(*made, split_seed=0, trained_on_all=True)


def test_all_three_are_told(tasks):
    assert tasks.identification.rank5["attacked"].value == 1
    assert tasks.verification.points[0].impersonation.over_people["attacked"].value > 0.2
    assert tasks.open_set.points[0].identified.over_people["clean"].value > 0.5
    assert tasks.open_set.trained_on_all is True


def test_the_table_has_a_line_a_figure_version_and_person(tasks):
    rows = tasks_rows(tasks)
    assert set(rows["task"]) == {"identification", "verification", "open_set"}
    assert not rows.duplicated(["task", "figure", "wanted_rate", "person", "version"]).any()
    chosen = rows[(rows["figure"] == "tar") & (rows["wanted_rate"] == 1e-2) & (rows["version"] == "attacked")]
    tar = tasks.verification.points[0].tar
    assert chosen["value"].tolist() == [tar.over_people["attacked"].value]
    assert chosen["pooled"].tolist() == [tar.pooled["attacked"]]
    assert chosen["effective_people"].tolist() == [tar.effective_people["attacked"]]
    assert rows.loc[rows["task"] == "identification", "pooled"].isna().all()
    assert (rows["person"] != "").sum() == 40 * 2 * 3
    assert 1e-4 not in rows["wanted_rate"].tolist()
