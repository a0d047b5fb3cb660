"""Results to plain values of JSON and strictly back."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from facetrial.core.errors import Damaged, FacetrialError
from facetrial.core.plain import Measured, from_plain, read_json, to_plain, write_json


@dataclass(frozen=True)
class Inner:
    value: Measured
    eight_bit: bool


@dataclass(frozen=True)
class Other:
    reason: str


@dataclass(frozen=True)
class Outer(Inner):
    size: float
    parts: tuple[Inner | Other, ...]
    by_name: Mapping[str, int]
    note: str | None
    further: str | None = None


WHOLE = Outer(0.5, True, 2.0, (Inner(1.0, False), Other("none")), {"Ann": 3}, None)
PLAIN = {
    "value": 0.5,
    "8bit": True,
    "size": 2.0,
    "parts": [{"value": 1.0, "8bit": False}, {"reason": "none"}],
    "by_name": {"Ann": 3},
    "note": None,
}


def test_there_and_back(tmp_path):
    assert to_plain(WHOLE) == PLAIN
    write_json(WHOLE, tmp_path / "whole.json")
    assert from_plain(Outer, read_json(tmp_path / "whole.json"), "whole.json") == WHOLE
    further = Outer(**{**vars(WHOLE), "further": "more"})
    assert to_plain(further) == PLAIN | {"further": "more"}
    assert from_plain(Outer, to_plain(further), "") == further


def test_what_json_has_no_words_for_is_plain_all_the_same():
    values = [np.float32(0.5), np.int64(3), np.bool_(True), math.inf, math.nan, Path("a/b"), (1, 2)]
    plain = to_plain(values)
    assert plain == [0.5, 3, True, None, None, "a/b", [1, 2]]
    assert [type(value) for value in plain[:3]] == [float, int, bool]
    assert math.isnan(from_plain(Inner, {"value": None, "8bit": True}, "").value)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"size": None}, "has size: it should be a valid number, found null"),
        ({"size": "2"}, "has size: it should be a valid number, found '2'"),
        ({"8bit": 1}, "has 8bit: it should be a valid boolean, found 1"),
        ({"eight_bit": True}, "has the unknown key eight_bit"),
        ({"by_name": {"Ann": 3.5}}, "has by_name.Ann: it should be a valid integer, found 3.5"),
        (
            {"parts": [{"value": "1", "8bit": False}]},
            "has parts.0.value: it should be a valid number, found '1'",
        ),
        ({"parts": {}}, "has parts: it should be a valid "),
        ({"value": math.inf}, "Out of range float"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(change, said):
    with pytest.raises(FacetrialError, match=rf"^made\.json .*{said}"):
        from_plain(Outer, PLAIN | change, "made.json")
    lacking = {key: value for key, value in PLAIN.items() if key not in change}
    if len(lacking) < len(PLAIN):
        with pytest.raises(FacetrialError, match=rf"lacks the key {next(iter(change))}\."):
            from_plain(Outer, lacking, "made.json")


@pytest.mark.parametrize("text", ["NaN", "[Infinity]", "{", "", '{"a": 1'])
def test_a_file_must_be_strict_json(tmp_path, text):
    (tmp_path / "made.json").write_text(text)
    with pytest.raises(FacetrialError, match=r"cannot read .*made\.json"):
        read_json(tmp_path / "made.json")
    with pytest.raises(FacetrialError, match="cannot read"):
        read_json(tmp_path / "none.json")
    with pytest.raises(TypeError):
        write_json({"not plain": object()}, tmp_path / "made.json")
    assert json.dumps(text) == json.dumps((tmp_path / "made.json").read_text())


def test_a_checksum_in_a_file_is_of_what_it_holds(tmp_path):
    path = tmp_path / "kept.json"
    write_json({"rms": 0.15, "people": ("Zoë", None)}, path, checksum=True)
    assert read_json(path) == {"rms": 0.15, "people": ["Zoë", None]}
    whole = path.read_text()
    path.write_text(whole.replace("0.15", "0.75"))
    with pytest.raises(Damaged, match=r"kept\.json is damaged"):
        read_json(path)
    for length in range(len(whole.rstrip())):
        path.write_text(whole[:length])
        with pytest.raises(FacetrialError, match=r"kept\.json"):
            read_json(path)
