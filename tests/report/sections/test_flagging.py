"""What detectors noticed, as a report shows it."""

import pytest

from facetrial.report.sections.flagging import describe_flagging, flagging_section, flagging_sentence
from tests.helpers.defended import defended_trials


@pytest.fixture
def summaries():
    return defended_trials()


def test_a_detectors_figure_and_words(summaries):
    summary = summaries[-1]
    caught = f"{100 * summary.flagging.caught.value:.1f} %"
    assert caught in flagging_sentence(summary.flagging)
    assert caught in describe_flagging(summary.flagging)
    [chart] = flagging_section(summary).charts
    assert chart.percent
    assert chart.percent_x
    stood = chart.series[-1]
    assert [stood.x, stood.y] == [[summary.flagging.false_alarms.value], [summary.flagging.caught.value]]
    assert flagging_section(summaries[0]) is None
