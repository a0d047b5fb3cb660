"""What a reader must know before any figure."""

from dataclasses import replace

import pytest

from facetrial.metrics.parts import Outcome
from facetrial.report.console import caption
from facetrial.report.rendering.chart_matplotlib import chart_figure
from facetrial.report.rendering.theme import LIGHT, mark, new_axes
from facetrial.report.wording import banners, trust
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


def test_checks_that_passed_are_no_trust_where_nothing_could_be_attacked(rows, checks):
    summary = made_up_summary(rows.assign(status="not_attackable"), about(), N_TRAIN, checks)
    assert banners(summary) == ["Not trusted: nothing could be attacked."]
    assert trust(summary) == "There is no figure to trust: nothing could be attacked."
    assert "NOT TRUSTED, nothing could be attacked" in caption(summary)
    figure, _ = new_axes(LIGHT, 3, 2)
    mark(figure, [summary], LIGHT)
    assert figure.get_suptitle() == "not trusted: nothing could be attacked"


def test_a_trial_without_checks_is_not_said_to_have_failed_one(rows):
    summary = made_up_summary(rows, about(), N_TRAIN, {})
    assert banners(summary) == ["Not trusted: no check was run."]
    figure, _ = new_axes(LIGHT, 3, 2)
    mark(figure, [summary], LIGHT)
    assert figure.get_suptitle() == "not trusted: no check was run"


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
