"""Rows with the smallest changes, known one by one."""

import numpy as np

from tests.helpers.made_up import made_up_rows


def rows_with_smallest():
    rows = made_up_rows(PEOPLE, attacked=0.0, clean=1.0)
    rows["smallest"] = np.array(SMALLEST) / 255
    rows.loc[8, "correct_clean"] = False
    return rows


# In 1/255, picture by picture: Ann's, Bob's, Cid's.
SMALLEST = [0.4, 0.75, 1.0, 3.0, 0.2, 0.6, 5.0, np.inf, 0.0, 20.0]


PEOPLE = {"Ann": 4, "Bob": 4, "Cid": 2}
