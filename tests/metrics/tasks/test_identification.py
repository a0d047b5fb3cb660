"""Identification: how often the right name is first, and among the first five."""

import pytest

from facetrial.metrics.tasks.identification import identification_summary
from tests.helpers.made_up import made_up_rows


def test_shares_of_the_first_and_of_the_first_five():
    people = {f"P{number}": 6 for number in range(10)}
    rows = made_up_rows(people, attacked=0.5)
    for version in ("clean", "attacked", "8bit"):
        rows[f"rank_{version}"] = [
            1 if right else 4 + row % 4 for row, right in enumerate(rows[f"correct_{version}"])
        ]
    rows.loc[:5, "status"] = "not_attackable"
    summary = identification_summary(rows, people=10)
    left = rows[6:]
    assert summary.top1["clean"].value == pytest.approx(rows["correct_clean"].mean())
    assert summary.top1["attacked"].value == pytest.approx(left["correct_attacked"].mean())
    assert summary.rank5["attacked"].value == pytest.approx((left["rank_attacked"] <= 5).mean())
    assert summary.rank5["attacked"].value > summary.top1["attacked"].value
    assert summary.per_person["P0"].top1["attacked"].n == 0
    assert summary.per_person["P3"].top1["clean"].n == 6


def test_five_of_five_say_nothing():
    rows = made_up_rows({"Ann": 4, "Bob": 4}, attacked=0.5)
    rows[[f"rank_{version}" for version in ("clean", "attacked", "8bit")]] = 1
    assert identification_summary(rows, people=2).rank5 is None
