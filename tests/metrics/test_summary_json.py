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
