"""Figures of pictures that were sent: rates of their rows."""

import pandas as pd
import pytest

from facetrial.metrics.physical import physical_summary
from facetrial.statistics.intervals import rate_over_people
from facetrial.trial.physical.resend import NOT_FOUND
from tests.helpers.sent import PATHS, sent, sent_trial


@pytest.fixture(scope="module")
def trial(tmp_path_factory):
    return sent_trial(tmp_path_factory.mktemp("shards"))


@pytest.fixture(scope="module")
def found(trial) -> pd.DataFrame:
    return sent(trial)


class TestFigures:
    def test_they_are_rates_of_the_rows(self, trial, found):
        faces, _, rows, _ = trial
        physical = physical_summary(rows, found, PATHS, "dodging", faces.alignment)
        assert [path.path for path in physical.paths] == ["float32", *PATHS]
        people = found["identity"].to_numpy()
        for path in physical.paths[1:]:
            right = {v: found[f"correct_{v}_{path.path}"].to_numpy(dtype=bool) for v in ("clean", "attacked")}
            assert path.clean == rate_over_people(right["clean"], people)
            assert path.attacked == rate_over_people(right["attacked"], people)
            assert path.success.n == right["clean"].sum()
            assert path.success.value == (~right["attacked"])[right["clean"]].mean()
        again = physical.paths[-1]
        assert again.not_found_attacked.value == (~found["found_attacked_found_again"]).mean() > 0
        assert again.not_found_clean.value == 0
        assert physical.paths[0].success.value == (~rows["correct_attacked"]).mean()

    def test_success_of_impersonation_is_being_taken_for_the_target(self):
        rows = pd.DataFrame(
            {
                "file": list("abcd"), "identity": ["A"] * 4, "status": ["attacked"] * 4, "target": ["B"] * 4,
                "predicted_clean": ["A", "A", "A", "B"], "correct_clean": [True, True, True, False],
                "predicted_attacked": ["B", "B", "C", "B"], "correct_attacked": [False] * 4,
            }
        )  # fmt: skip
        sent = rows[["file", "identity"]].assign(
            predicted_clean_png=["A", "B", "A", "A"], correct_clean_png=[True, False, True, True],
            predicted_attacked_png=["B", "B", NOT_FOUND, "A"], correct_attacked_png=[False, False, False, True],
            found_clean_png=True, found_attacked_png=[True, True, False, True],
        )  # fmt: skip
        first, png = physical_summary(rows, sent, {"png": PATHS["png"]}, "impersonation", None).paths
        assert (first.success.value, first.success.n) == (pytest.approx(2 / 3), 3)
        assert (png.success.value, png.success.n) == (pytest.approx(1 / 3), 3)
        assert png.not_found_attacked.value == 0.25
