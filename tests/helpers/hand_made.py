"""Verdicts written by hand, whose figures one can count."""

import numpy as np
import pandas as pd


def hand_made_rows() -> pd.DataFrame:
    columns = ["file", "identity", "correct_clean", "correct_attacked", "correct_8bit", "status", "reached"]
    rows = pd.DataFrame(HAND_MADE, columns=columns)
    for version in ("clean", "attacked", "8bit"):
        rows[f"predicted_{version}"] = np.where(rows[f"correct_{version}"], rows["identity"], "Dee")
    return rows


# file, person, right when clean, attacked, in 8 bits, status, reached
HAND_MADE = [
    ("a/1", "Ann", True, True, True, "attacked", True),
    ("a/2", "Ann", True, False, True, "attacked", True),
    ("a/3", "Ann", True, True, False, "attacked", False),
    ("a/4", "Ann", True, True, True, "not_attackable", False),
    ("b/1", "Bob", False, False, False, "attacked", True),
    ("b/2", "Bob", True, False, False, "attacked", False),
    ("c/1", "Cy", True, True, True, "not_attackable", False),
]


N_TRAIN = {"Ann": 9, "Bob": 3, "Cy": 2, "Dee": 4}
