"""What a report says of a list of pairs."""

import numpy as np
import pytest

from facetrial.metrics.tasks.pair_protocol import (
    protocol_summary,
)
from facetrial.report.sections.pairs import pairs_section
from tests.helpers.listed import judged, listed


@pytest.fixture(scope="module")
def made():
    return judged()


def test_the_section_tells_of_folds_and_of_what_is_missing(made):
    about = {
        "list": "pairs.txt",
        "threshold": "each fold by the others",
        "attacked_side": "first",
        "mirror": True,
    }
    section = pairs_section({"pairs": about | {"embedder_as_published": True} | made[-1]})
    assert "standard error over folds" in section.sentences[0]
    assert len(section.charts[0].series) == 2
    assert {len(line) for line in section.tables[0].lines} == {4}
    assert "mirror image" in section.note
    similarities, same, people, folds = listed(1, 100)
    nobody = np.zeros(len(same), dtype=bool)
    summary = protocol_summary({"clean": similarities}, nobody, same, people, folds, np.full(len(same), 0.35))
    summary["accuracy"]["attacked"] = {"value": np.nan, "low": 0, "high": 1, "n": 0}
    section = pairs_section({"pairs": about | {"embedder_as_published": False} | summary})
    assert section.charts == ()
    assert "none could be attacked" in section.sentences[0]
    assert "too few pairs of two people, 300 are needed" in section.sentences[1]
    assert pairs_section({}) is None
