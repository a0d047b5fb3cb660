"""A trial with people whose names would break a page that trusts them."""

import numpy as np

from tests.helpers.made_up import made_up_rows


def hostile_rows():
    rows = made_up_rows(PEOPLE, attacked=0.6)
    rows.loc[rows["identity"] == "P7", "status"] = "not_attackable"
    rows["margin_attacked"] *= np.random.default_rng(1).uniform(0.5, 1.5, len(rows))
    return rows


HOSTILE = "<script>alert('x')</script>"


PEOPLE = {"Ann_Example": 12, HOSTILE: 6, "$\\frac{": 4} | {f"P{i}": 3 for i in range(20)}


N_TRAIN = {name: 3 * count for name, count in PEOPLE.items()}
