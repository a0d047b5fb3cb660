"""What a report says of a list of pairs."""

from dataclasses import replace

import numpy as np
import pytest

from facetrial.metrics.tasks.pair_protocol import protocol_summary
from facetrial.metrics.tasks.pair_thresholds import parts_of
from facetrial.report.sections.pairs import pairs_section
from tests.helpers.defended import trial
from tests.helpers.listed import ABOUT, judged, listed

TRIAL = trial("pgd", "none", 0.5)


@pytest.fixture(scope="module")
def made():
    return judged()


def test_the_section_tells_of_folds_and_of_what_is_missing(made):
    section = pairs_section(replace(TRIAL, pairs=made[-1]))
    assert "standard error over folds" in section.sentences[0]
    assert len(section.charts[0].series) == 2
    assert {len(line) for line in section.tables[0].lines} == {4}
    assert "mirror image" in section.note
    assert "over the 60 people, who count as 60 of one weight" in section.note
    similarities, same, people, folds = listed(1, 100)
    nobody = np.zeros(len(same), dtype=bool)
    unknown = np.full(len(same), np.nan)
    versions = {"clean": similarities, "attacked": unknown, "8bit": unknown}
    parts, _ = parts_of(folds, same, 0)
    trained = replace(ABOUT, embedder_as_published=False)
    found = protocol_summary(trained, versions, nobody, same, people, folds, parts, np.full(len(same), 0.35))
    assert found.accuracy["attacked"].n == 0
    section = pairs_section(replace(TRIAL, pairs=found))
    assert section.charts == ()
    assert "none could be attacked" in section.sentences[0]
    assert "too few pairs of two people, 300 are needed" in section.sentences[1]
    assert pairs_section(TRIAL) is None
