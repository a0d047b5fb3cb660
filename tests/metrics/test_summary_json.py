"""summary.json: strict JSON, whole, and named where it is none."""

import json

import pandas as pd
import pytest

from facetrial.core.errors import FacetrialError
from facetrial.metrics.summary import summarise
from facetrial.metrics.summary_json import read_summary, write_json
from tests.helpers.hand_made import N_TRAIN, hand_made_rows
from tests.helpers.made_up import about


@pytest.fixture
def rows() -> pd.DataFrame:
    return hand_made_rows()


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


def test_one_of_version_0_1_is_read_with_the_names_of_today(rows, checks, tmp_path):
    method = {"_target_": "facetrial.attacks.methods.pgd.PGD", "leave": True}
    summary = summarise(rows, about(), N_TRAIN, checks) | {
        "detection": {"kept": 1},
        "attack_parts": {"method": method},
    }
    write_json(summary, tmp_path / "summary.json")
    read = read_summary(tmp_path / "summary.json")
    assert read["flagging"] == {"kept": 1}
    assert "detection" not in read
    assert read["attack_parts"]["method"] == {"_target_": "facetrial.attacks.PGD", "early_stop": True}
