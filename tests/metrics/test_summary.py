import json
import math

import numpy as np
import pandas as pd
import pytest

from facetrial.core.errors import FacetrialError
from facetrial.metrics.summary import summarise
from facetrial.metrics.summary_json import read_summary, write_json
from facetrial.statistics.intervals import wilson
from tests.helpers.made_up import about

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


@pytest.fixture
def rows() -> pd.DataFrame:
    columns = ["file", "identity", "correct_clean", "correct_attacked", "correct_8bit", "status", "reached"]
    rows = pd.DataFrame(HAND_MADE, columns=columns)
    for version in ("clean", "attacked", "8bit"):
        rows[f"predicted_{version}"] = np.where(rows[f"correct_{version}"], rows["identity"], "Dee")
    return rows


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


def test_written_whole_as_strict_json(rows, checks, tmp_path, monkeypatch):
    summary = summarise(rows, about(), N_TRAIN, checks)
    path = tmp_path / "summary.json"
    write_json(summary, path)
    read = json.loads(path.read_text(), parse_constant=lambda constant: pytest.fail(f"{constant} is no JSON"))
    assert read["per_identity"]["Cy"]["robust"] == {"value": None, "low": 0.0, "high": 1.0, "n": 0}
    assert read == read_summary(path)

    with pytest.raises(TypeError):
        write_json({"not plain": object()}, path)
    assert read_summary(path) == read
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("text", ["", "{", "[]", "{}"])
def test_what_is_no_summary_is_named(tmp_path, text):
    path = tmp_path / "summary.json"
    path.write_text(text)
    with pytest.raises(FacetrialError, match=r"summary\.json"):
        read_summary(path)


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
