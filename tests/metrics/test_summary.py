"""The figures of a trial, against those counted by hand."""

import math

import pandas as pd
import pytest

from facetrial.core.errors import FacetrialError
from facetrial.metrics.summary import summarise
from facetrial.statistics.intervals import wilson
from tests.helpers.hand_made import N_TRAIN, hand_made_rows
from tests.helpers.made_up import about


@pytest.fixture
def rows() -> pd.DataFrame:
    return hand_made_rows()


def test_arithmetic(rows, checks):
    summary = summarise(rows, about(), N_TRAIN, checks)
    figures = {
        key: (summary[key]["value"], summary[key]["n"]) for key in summary if "acc" in key or "suc" in key
    }
    assert figures == {
        "clean_accuracy": (6 / 7, 7),
        "robust_accuracy": (2 / 5, 5),
        "robust_accuracy_8bit": (2 / 5, 5),
        "attack_success": (2 / 4, 4),
    }
    assert (summary["n"], summary["not_attackable"], summary["not_reached"]) == (7, 2, 2)
    assert summary["images_per_second"] == pytest.approx(7 / 12.5)
    assert summary["trusted"] is True


def test_per_identity(rows, checks):
    people = summarise(rows, about(), N_TRAIN, checks)["per_identity"]
    assert list(people) == ["Ann", "Bob", "Cy"]
    assert (people["Ann"]["n_train"], people["Ann"]["n_test"]) == (9, 4)
    assert people["Ann"]["robust"] == wilson(2, 3).as_dict()
    assert people["Ann"]["clean"] == wilson(4, 4).as_dict()
    assert math.isnan(people["Cy"]["robust"]["value"])


def test_impersonation_counts_pictures_not_yet_taken_for_the_target(rows, checks):
    rows["target"] = "Dee"
    success = summarise(rows, about(goal="impersonation"), N_TRAIN, checks)["attack_success"]
    assert (success["value"], success["n"]) == (2 / 4, 4)
    with pytest.raises(FacetrialError, match="target"):
        summarise(rows.drop(columns="target"), about(goal="impersonation"), N_TRAIN, checks)


def test_one_failed_check_takes_the_trust(rows, checks):
    checks["referee"]["passed"] = False
    assert summarise(rows, about(), N_TRAIN, checks)["trusted"] is False


def test_keys(rows, checks):
    summary = summarise(rows, about(limit=7, seed=0, images_per_second=None), N_TRAIN, checks)
    expected = (
        "data synthetic limit embedder attack defense goal seed n not_attackable not_reached clean_accuracy "
        "robust_accuracy robust_accuracy_8bit attack_success per_identity checks trusted seconds "
        "images_per_second cost versions"
    )
    assert list(summary) == expected.split()
    assert summary["limit"] == 7
    assert summary["images_per_second"] is None
    assert set(summary["versions"]) == {
        "python", "torch", "lightning", "facenet-pytorch", "scikit-learn", "facetrial"
    }  # fmt: skip


def test_bad_rows_are_named(rows, checks):
    with pytest.raises(FacetrialError, match="reached"):
        summarise(rows.drop(columns="reached"), about(), N_TRAIN, checks)
    with pytest.raises(FacetrialError, match="a/1 more than once"):
        summarise(pd.concat([rows, rows[:1]]), about(), N_TRAIN, checks)
    with pytest.raises(FacetrialError, match="empty"):
        summarise(rows[:0], about(), N_TRAIN, checks)
    with pytest.raises(FacetrialError, match="Cy"):
        summarise(rows, about(), {"Ann": 9, "Bob": 3}, checks)
    with pytest.raises(FacetrialError, match="bribery"):
        summarise(rows, about(goal="bribery"), N_TRAIN, checks)
