"""What a reader must know before any figure."""

from dataclasses import replace

import pytest

from facetrial.metrics.parts import Outcome
from facetrial.report.rendering.chart_matplotlib import chart_figure
from facetrial.report.wording import banners
from facetrial.sweep.defenses.section import defenses_chart
from facetrial.sweep.defenses.table import build_defense_table
from tests.helpers.defended import defended_trials
from tests.helpers.hostile import N_TRAIN, hostile_rows
from tests.helpers.made_up import about, made_up_summary


@pytest.fixture(scope="module")
def rows():
    return hostile_rows()


@pytest.fixture
def summaries():
    return defended_trials()


def test_trusted_full_trial_has_no_banner(rows, checks):
    assert banners(made_up_summary(rows, about(), N_TRAIN, checks)) == []


def test_a_naive_trial_is_not_trusted_for_that_alone(summaries):
    [said] = banners(summaries[1])
    assert "did not know the defence" in said
    checks = {**summaries[1].checks, "referee": Outcome(False, "out of budget")}
    further = replace(summaries[1], checks=checks)
    assert "a check failed" in banners(further)[0]
    assert "a check failed" in banners(replace(summaries[1], attack_parts={"adaptive": True}))[0]
    chart = defenses_chart(build_defense_table(summaries))
    assert chart_figure(chart, summaries).get_suptitle() == "naive: not trusted"
    assert "a check failed" in chart_figure(chart, [*summaries, further]).get_suptitle()
