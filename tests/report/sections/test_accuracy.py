"""Each person under attack, and groups of them."""

from dataclasses import replace

import pytest

from facetrial.report.sections.accuracy import people_chart
from tests.helpers.hostile import N_TRAIN, PEOPLE, hostile_rows
from tests.helpers.made_up import about, made_up_summary


@pytest.fixture(scope="module")
def rows():
    return hostile_rows()


def test_groups_of_people_hold_everybody_once(rows, checks):
    summary = made_up_summary(rows, about(), N_TRAIN, checks)
    people, groups = people_chart(summary).series
    assert len(people.x) == len(PEOPLE) - 1  # one could not be attacked
    assert len(groups.x) == 5
    assert list(groups.x) == sorted(groups.x)
    few = {name: person for name, person in summary.per_identity.items() if name.startswith("P")}
    assert len(people_chart(replace(summary, per_identity=few)).series) == 1
