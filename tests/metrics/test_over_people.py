"""Means over people, beside plain loops."""

import numpy as np
import pytest

from facetrial.metrics.over_people import over_people_summary
from facetrial.trial.rows import ATTACKED, at_stake
from tests.helpers.made_up import made_up_rows


def test_everyone_weighs_the_same_whatever_the_number_of_their_pictures():
    rows = made_up_rows({"Ann": 12, "Bob": 3, "Cem": 5}, attacked=0.6)
    rows.loc[0, "status"] = "not_attackable"
    attacked = rows[rows["status"] == ATTACKED]
    risked, hits = at_stake(attacked, "dodging")
    found = over_people_summary(rows, attacked, risked, hits)

    def mean(own, column):
        return np.mean([part[column].mean() for _, part in own.groupby("identity")])

    assert found.clean_accuracy.value == pytest.approx(mean(rows, "correct_clean"))
    assert found.robust_accuracy.value == pytest.approx(mean(attacked, "correct_attacked"))
    assert found.robust_accuracy_8bit.value == pytest.approx(mean(attacked, "correct_8bit"))
    assert found.attack_success.value == pytest.approx(mean(risked.assign(hit=hits), "hit"))
    assert found.robust_accuracy.n == 19
    assert found.people == 3
    assert found.effective_people == pytest.approx(19**2 / (11**2 + 3**2 + 5**2))
