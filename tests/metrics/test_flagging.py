"""What detectors make of rows, some of them without a suspicion."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from facetrial.metrics.flagging import flagging_summary
from tests.helpers.made_up import made_up_rows


def flagged_rows():
    rows = made_up_rows({"A": 20, "B": 30}, attacked=0.3)
    generator = np.random.default_rng(0)
    for version, shift in (("clean", 0.0), ("attacked", 0.7), ("8bit", 0.7)):
        rows[f"suspicion_{version}"] = generator.normal(shift, 1.0, len(rows))
        rows[f"flagged_{version}"] = rows[f"suspicion_{version}"] > 1
    return rows


def test_the_area_is_that_of_another_implementation():
    rows = flagged_rows()
    scores = np.concatenate([rows["suspicion_clean"], rows["suspicion_attacked"]])
    found = flagging_summary(rows, "dodging")
    assert found.auroc.value == pytest.approx(roc_auc_score(np.repeat([0, 1], len(rows)), scores))


@pytest.mark.parametrize(("unknown", "place"), [(np.nan, -1e9), (np.inf, 1e9)])
def test_a_picture_without_a_finite_suspicion_has_a_place(unknown, place):
    """A recogniser without an answer gives none; it is not flagged."""
    rows = flagged_rows()
    rows.loc[3, "suspicion_attacked"] = unknown
    rows["flagged_attacked"] = rows["suspicion_attacked"] > 1
    found = flagging_summary(rows, "dodging")
    assert found == flagging_summary(
        rows.assign(suspicion_attacked=rows["suspicion_attacked"].replace(unknown, place)), "dodging"
    )
    assert (found.roc[0].caught, found.roc[-1].caught) == (0.0, 1.0)
