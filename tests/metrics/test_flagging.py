"""What detectors make of rows, some of them without a suspicion."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from facetrial.metrics.flagging import flagging_summary
from tests.helpers.made_up import flagged_rows


def test_the_area_is_that_of_another_implementation():
    rows = flagged_rows(attacked=0.3, shift=0.7, spread=1.0)
    scores = np.concatenate([rows["suspicion_clean"], rows["suspicion_attacked"]])
    found = flagging_summary(rows, "dodging")
    assert found.auroc.value == pytest.approx(roc_auc_score(np.repeat([0, 1], len(rows)), scores))


@pytest.mark.parametrize(("unknown", "place"), [(np.nan, -1e9), (np.inf, 1e9)])
def test_a_picture_without_a_finite_suspicion_has_a_place(unknown, place):
    """A recogniser without an answer gives none; it is not flagged."""
    rows = flagged_rows(attacked=0.3, shift=0.7, spread=1.0)
    rows.loc[3, "suspicion_attacked"] = unknown
    rows["flagged_attacked"] = rows["suspicion_attacked"] > 1
    found = flagging_summary(rows, "dodging")
    assert found == flagging_summary(
        rows.assign(suspicion_attacked=rows["suspicion_attacked"].replace(unknown, place)), "dodging"
    )
    assert (found.roc[0].caught, found.roc[-1].caught) == (0.0, 1.0)
