"""A sweep in one sentence and one chart."""

import pytest

from facetrial.report.rendering.formatting import interval, percent
from facetrial.report.wording import headline as trial_headline
from facetrial.sweep.report import headline, runs_chart
from tests.helpers.defended import defended_trials, sweep_of


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
