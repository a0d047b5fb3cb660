"""Rows of which the cases of a showcase are known."""

import numpy as np

from tests.helpers.made_up import made_up_rows


def case_rows():
    rows = made_up_rows(PEOPLE, attacked=0.5, clean=0.9)
    right = rows["correct_attacked"].to_numpy()
    away = np.random.default_rng(2).permutation(np.arange(1, len(rows) + 1)) / 100
    rows["margin_attacked"] = np.where(right, away, -away)
    return rows


PEOPLE = {"Ann": 30, "Bob": 30}
