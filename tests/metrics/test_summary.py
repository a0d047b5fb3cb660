"""The figures of a trial, against those counted by hand."""

import math

import pandas as pd
import pytest

from facetrial.core.errors import FacetrialError
from facetrial.core.plain import to_plain
from facetrial.metrics.parts import Outcome
from facetrial.metrics.summary import SCHEMA
from facetrial.statistics.intervals import wilson
from tests.helpers.hand_made import N_TRAIN, hand_made_rows
from tests.helpers.made_up import about, made_up_summary


@pytest.fixture
def rows() -> pd.DataFrame:
    return hand_made_rows()


def test_arithmetic(rows, checks):
    summary = made_up_summary(rows, about(), N_TRAIN, checks)
    figures = {
        key: (found.value, found.n) for key, found in vars(summary).items() if "acc" in key or "suc" in key
    }
    assert figures == {
        "clean_accuracy": (6 / 7, 7),
        "robust_accuracy": (2 / 5, 5),
        "robust_accuracy_8bit": (2 / 5, 5),
        "attack_success": (2 / 4, 4),
    }
    assert (summary.n, summary.not_attackable, summary.not_reached) == (7, 2, 2)
    assert summary.images_per_second == pytest.approx(7 / 12.5)
    assert summary.trusted is True


def test_per_identity(rows, checks):
    people = made_up_summary(rows, about(), N_TRAIN, checks).per_identity
    assert list(people) == ["Ann", "Bob", "Cy"]
    assert (people["Ann"].n_train, people["Ann"].n_test) == (9, 4)
    assert people["Ann"].robust == wilson(2, 3)
    assert people["Ann"].clean == wilson(4, 4)
    assert math.isnan(people["Cy"].robust.value)


def test_impersonation_counts_pictures_not_yet_taken_for_the_target(rows, checks):
    rows["target"] = "Dee"
    success = made_up_summary(rows, about(goal="impersonation"), N_TRAIN, checks).attack_success
    assert (success.value, success.n) == (2 / 4, 4)
    with pytest.raises(FacetrialError, match="target"):
        made_up_summary(rows.drop(columns="target"), about(goal="impersonation"), N_TRAIN, checks)


def test_one_failed_check_takes_the_trust(rows, checks):
    checks["referee"] = Outcome(False, "out of range")
    assert made_up_summary(rows, about(), N_TRAIN, checks).trusted is False


def test_nothing_attacked_and_nothing_asked_earn_no_trust(rows, checks):
    assert made_up_summary(rows, about(), N_TRAIN, {"a": Outcome(True, "fine")}).trusted
    nobody = rows.assign(status="not_attackable")
    assert not made_up_summary(nobody, about(), N_TRAIN, {"a": Outcome(True, "fine")}).trusted
    assert not made_up_summary(rows, about(), N_TRAIN, {"a": Outcome(None, "it rains")}).trusted


def test_keys(rows, checks):
    summary = made_up_summary(rows, about(limit=7, seed=0), N_TRAIN, checks, images_per_second=None)
    expected = (
        "schema data synthetic limit embedder head attack defense goal seed chosen n not_attackable not_reached "
        "clean_accuracy robust_accuracy robust_accuracy_8bit attack_success per_identity checks trusted seconds "
        "images_per_second cost versions attack_parts noise_level class_size over_people"
    )
    plain = to_plain(summary)
    assert list(plain) == expected.split()
    assert plain["schema"] == SCHEMA
    assert plain["images_per_second"] is None
    assert summary.limit == 7
    assert summary.images_per_second is None
    assert set(summary.versions) == {
        "python", "torch", "lightning", "facenet-pytorch", "scikit-learn", "facetrial"
    }  # fmt: skip


def test_bad_rows_are_named(rows, checks):
    with pytest.raises(FacetrialError, match="reached"):
        made_up_summary(rows.drop(columns="reached"), about(), N_TRAIN, checks)
    with pytest.raises(FacetrialError, match="a/1 more than once"):
        made_up_summary(pd.concat([rows, rows[:1]]), about(), N_TRAIN, checks)
    with pytest.raises(FacetrialError, match="empty"):
        made_up_summary(rows[:0], about(), N_TRAIN, checks)
    with pytest.raises(FacetrialError, match="Cy"):
        made_up_summary(rows, about(), {"Ann": 9, "Bob": 3}, checks)
    with pytest.raises(FacetrialError, match="bribery"):
        made_up_summary(rows, about(goal="bribery"), N_TRAIN, checks)
