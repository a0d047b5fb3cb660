"""What a report says of pictures that were sent."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from facetrial.metrics.physical import physical_summary
from facetrial.report.sections.physical import physical_section
from facetrial.statistics.intervals import Interval
from tests.helpers.defended import trial as made_up_trial
from tests.helpers.sent import PATHS, sent, sent_trial

TRIAL = made_up_trial("pgd", "none", 0.5)


@pytest.fixture(scope="module")
def trial(tmp_path_factory):
    return sent_trial(tmp_path_factory.mktemp("shards"))


@pytest.fixture(scope="module")
def found(trial) -> pd.DataFrame:
    return sent(trial)


def test_the_section_says_what_the_figures_say(trial, found):
    physical = physical_summary(trial[2], found, PATHS, "dodging", None)
    paths = list(physical.paths)
    paths[2] = replace(paths[2], clean=Interval(0.5, 0.2, 0.8, 6))
    section = physical_section(replace(TRIAL, physical=replace(physical, paths=tuple(paths))))
    labels = ["float32", "PNG", "JPEG 5", "found again (PNG)"]
    assert [line[0] for line in section.tables[0].lines] == labels
    assert all(list(series.x) == labels for series in section.charts[0].series)
    text = " ".join(section.sentences)
    assert "as JPEG 5" in text
    assert "when found again (PNG)" in text
    assert "Found again (PNG): no face is found in" in text
    assert "JPEG 5: of the clean pictures, too, only 50.0 %" in text
    assert "not cut anew" in section.note
    assert all(np.isfinite(y) for series in section.charts[0].series for y in series.y)


def test_trials_without_it_have_no_section():
    assert physical_section(TRIAL) is None
