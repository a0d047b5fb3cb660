"""A sweep in one sentence and one chart."""

from dataclasses import replace

import pytest

from facetrial.metrics.parts import Outcome
from facetrial.report.rendering.formatting import interval, percent
from facetrial.report.wording import headline as trial_headline
from facetrial.sweep.report import headline, runs_chart
from tests.helpers.defended import defended_trials, sweep_of, trial


@pytest.fixture
def summaries():
    return defended_trials()


def test_headlines_and_charts_count_flags(summaries):
    flagging = summaries[-1].flagging
    left, kept = (percent(figure.value) for figure in (flagging.stands, flagging.kept))
    ends = f"(95 % interval {interval(flagging.stands)}); clean, {kept} are recognised and not flagged."
    assert trial_headline(summaries[-1]) == (
        f"Under the attack pgd, {left} of the faces are still recognised or flagged {ends}"
    )
    assert headline(summaries[-1:], 1) == (
        f"1 trials. Least is left by pgd against defence squeezing: {left} of the faces recognised or flagged {ends}"
    )
    assert "flagged" not in headline(summaries[:1], 1) + trial_headline(summaries[0])
    chart = runs_chart(sweep_of((summaries[0],), (summaries[-1],)))
    clean, attacked = [series.y for series in chart.series]
    assert attacked == [summaries[0].robust_accuracy.value, flagging.stands.value]
    assert clean[1] == flagging.kept.value
    assert "counts as recognised" in chart.caption
    assert "flag" not in runs_chart(sweep_of((summaries[0],))).caption


def doubted(summary):
    checks = {**summary.checks, "recognises": Outcome(False, "nobody is recognised")}
    return replace(summary, checks=checks, trusted=False)


def test_the_headline_is_of_a_trial_that_is_trusted():
    least, more = doubted(trial("pgd", "adv", 0.0)), trial("pgd", "none", 0.4)
    said = headline([least, more], 2)
    assert said.startswith("2 trials, 1 not trusted. Least is left by pgd without defence: ")
    assert headline([least], 1).startswith(
        "1 trials, 1 not trusted. Least is left by pgd against defence adv: "
    )


def test_the_headline_tells_of_trials_that_leave_as_little():
    said = headline([trial("pgd", defense, 0.0) for defense in ("none", "jpeg", "median")], 3)
    assert said.startswith("3 trials. Least is left by pgd without defence (as little in 2 others): 0.0 % ")


def test_what_is_not_trusted_is_called_so_in_every_chart():
    chart = runs_chart(sweep_of((doubted(trial("pgd", "adv", 0.2)),), (trial("pgd", "none", 0.4),)))
    assert chart.series[0].x == ["pgd / adv (not trusted)", "pgd / none"]
    naive = trial("pgd", "jpeg", 0.9, naive=True)
    assert sweep_of((naive,))[0].name == "pgd / jpeg"
