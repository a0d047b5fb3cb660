"""What holds of small trials on any machine, so that a change of the code changes no verdict; and `compare.py`.

`python tests/golden/trials.py OUT --expect` rewrites `expected.json`, where a change was meant to change it.
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.golden import compare, trials

EXPECTED = json.loads(trials.EXPECTED.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def out(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("golden") / "out"
    command = [sys.executable, trials.__file__, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=550)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.fixture(scope="module")
def found(out) -> dict:
    return trials.expectation(out)


@pytest.fixture
def copy(out, tmp_path) -> Path:
    """What two of the trials left, to be changed."""
    names = ["random", "sweep/0"]
    for name in names:
        shutil.copytree(out / name, tmp_path / "copy" / name)
    (tmp_path / "copy" / trials.ENDED).write_text(json.dumps(names))
    return shutil.copytree(tmp_path / "copy", tmp_path / "old").with_name("copy")


def said(old: Path, new: Path, *more: str) -> tuple[int, str]:
    """The exit code of `compare.py`, and what it printed."""
    command = [sys.executable, compare.__file__, str(old), str(new), *more]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout + done.stderr


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_every_trial_was_held(found):
    assert list(found) == list(EXPECTED)


@pytest.mark.parametrize("trial", EXPECTED)
def test_a_trial_finds_what_it_found(found, trial):
    sizes, expected = found[trial].pop("sizes", []), dict(EXPECTED[trial])
    for size, expected_size in zip(sizes, expected.pop("sizes", []), strict=True):
        assert size == pytest.approx(expected_size, rel=1e-6)  # sums of squares round otherwise elsewhere
    assert found[trial] == expected


def test_a_run_is_the_same_as_itself(out):
    code, text = said(out, out)
    assert code == 0, text
    assert f"equal: {len(EXPECTED)} trials, " in text


@pytest.mark.parametrize(
    ("file", "old", "new", "place"),
    [
        ("random/verdicts.csv", ",attacked,True,", ",attacked,False,", "random/verdicts.csv row 1 reached: "),
        ("random/verdicts.csv", "file,identity", "file,person", "random/verdicts.csv columns: "),
        ("sweep/0/summary.json", '"n": 8', '"n": 9', "sweep/0/summary.json n: 8 became 9"),
        ("sweep/0/summary.json", '"limit": 8', '"most": 8', "sweep/0/summary.json: limit is missing in NEW"),
        (
            "sweep/0/summary.json",
            "attack_success",
            "success",
            "sweep/0/summary.json: success is missing in OLD",
        ),
    ],
)
def test_what_changed_is_named(copy, file, old, new, place):
    change(copy / file, old, new)
    code, text = said(copy.with_name("old"), copy)
    assert code == 1
    assert place in text


def test_the_last_bit_of_a_figure_counts(copy):
    path = copy / "random" / "summary.json"
    summary = json.loads(path.read_text(encoding="utf-8"))
    summary["clean_accuracy"]["low"] += 2**-54
    path.write_text(json.dumps(summary), encoding="utf-8")
    code, text = said(copy.with_name("old"), copy)
    assert code == 1
    assert "1 differences" in text
    assert "random/summary.json clean_accuracy low: " in text


def test_what_is_timed_does_not_count(copy):
    path = copy / "random" / "summary.json"
    summary = json.loads(path.read_text(encoding="utf-8"))
    summary |= {"seconds": 1e6, "images_per_second": None, "versions": {}}
    summary["cost"]["train_seconds"] = 0.0
    path.write_text(json.dumps(summary), encoding="utf-8")
    code, text = said(copy.with_name("old"), copy)
    assert code == 0, text


@pytest.mark.parametrize(("setting", "code"), [(None, 0), (0.5, 1)])
def test_a_new_setting_counts_where_it_is_set(copy, setting, code):
    path = copy / "random" / "summary.json"
    summary = json.loads(path.read_text(encoding="utf-8"))
    summary["attack_parts"]["region"]["new"] = setting
    path.write_text(json.dumps(summary), encoding="utf-8")
    assert said(copy.with_name("old"), copy)[0] == code


@pytest.mark.parametrize("side", ["old", "copy"])
def test_a_missing_trial_is_a_difference(copy, side):
    folder = copy.with_name(side)
    shutil.rmtree(folder / "sweep")
    code, text = said(copy.with_name("old"), copy)
    assert code == 1
    assert "sweep/0 holds no results" in text
    (folder / trials.ENDED).write_text('["random"]')
    code, text = said(copy.with_name("old"), copy)
    assert code == 1
    assert f"sweep/0 is missing in {'OLD' if side == 'old' else 'NEW'}" in text


def test_nothing_is_not_equal_to_nothing(tmp_path):
    code, text = said(tmp_path, tmp_path)
    assert code == 1
    assert "holds no trials" in text


def test_what_was_renamed_on_purpose_is_no_difference(copy, tmp_path):
    for trial in ("random", "sweep/0"):
        change(copy / trial / "summary.json", '"clean_accuracy"', '"accuracy"')
        change(copy / trial / "summary.json", '"limit"', '"most"')
        change(copy / trial / "verdicts.csv", "region_area", "area")
        change(copy / trial / "verdicts.csv", ",not_asked,", ",none,")
        (copy / trial / "people.png").rename(copy / trial / "persons.png")
    names = {
        "clean_accuracy": "accuracy",
        "limit": "most",
        "region_area": "area",
        "not_asked": "none",
        "people.png": "persons.png",
    }
    (tmp_path / "names.json").write_text(json.dumps(names))
    code, text = said(copy.with_name("old"), copy)
    assert code == 1
    assert "persons.png is missing in OLD" in text
    code, text = said(copy.with_name("old"), copy, "--renamed", str(tmp_path / "names.json"))
    assert code == 0, text
    change(copy / "random" / "verdicts.csv", ",none,", ",fine,")
    code, text = said(copy.with_name("old"), copy, "--renamed", str(tmp_path / "names.json"))
    assert code == 1
    assert "gradient: 'none' became 'fine'" in text
