"""Figures counted anew from the rows; wrong ones are planted in tests/planted."""

import pytest

from facetrial.checks.recounted import recounted
from facetrial.trial.rows import write_rows
from tests.helpers.sweeps import made_up_trials


@pytest.mark.parametrize("number", range(len(made_up_trials())))
def test_the_figures_of_sound_trials_are_their_rows(number, tmp_path):
    summary, rows = made_up_trials()[number]
    write_rows(rows, tmp_path / "verdicts.csv")
    outcome = recounted(summary, tmp_path / "verdicts.csv")
    assert outcome.passed, outcome.detail


def test_a_row_that_was_lost_is_told(tmp_path):
    summary, rows = made_up_trials()[0]
    write_rows(rows.iloc[1:], tmp_path / "verdicts.csv")
    outcome = recounted(summary, tmp_path / "verdicts.csv")
    assert outcome.passed is False
    assert f"n says {summary.n}" in outcome.detail
