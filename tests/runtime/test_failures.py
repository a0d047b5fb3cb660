"""One run of a sweep that fails leaves the others alone, and the sweep says so in the end."""

import csv
import subprocess
import sys

import pytest

from facetrial.core.errors import FacetrialError
from facetrial.core.plain import write_json
from facetrial.runtime.failures import forget_failure, read_failure, set_apart, write_failure
from facetrial.sweep.gather import gather_sweep
from facetrial.sweep.runs import gather_runs
from tests.helpers.sweeps import made_up_trials

APP = """
import json, pathlib
import hydra
from hydra.core.config_store import ConfigStore
from hydra.core.hydra_config import HydraConfig
from facetrial.runtime.cli import friendly_errors
from facetrial.core.errors import FacetrialError

@hydra.main(version_base="1.3", config_path=None, config_name="app")
@friendly_errors
def run(config):
    if config.x == 1:
        raise FacetrialError("x=1 is wrong. Give another.")
    if config.x == 2:
        raise RuntimeError("out of\\nmemory")
    pathlib.Path(HydraConfig.get().runtime.output_dir, "ran").touch()

callbacks = {
    "folder": {"_target_": "facetrial.runtime.CheckFolder"},
    "failures": {"_target_": "facetrial.runtime.EndWithFailures"},
}
place = {"dir": "outputs/${run_name:${hydra:overrides.task}}"}
ConfigStore.instance().store("app", {"x": 0, "hydra": {"callbacks": callbacks, "run": place}})
run()
"""


def start(folder, *arguments):
    (folder / "app.py").write_text(APP)
    command = [sys.executable, "app.py", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300)


def test_the_others_run_and_the_end_names_what_failed(tmp_path):
    ran = start(tmp_path, "-m", "x=1,2,3", "hydra.sweep.dir=sweep")
    said = ran.stdout + ran.stderr
    assert ran.returncode == 1
    assert (tmp_path / "sweep" / "2" / "ran").exists()
    assert "0 failed: x=1 is wrong. Give another." in said
    assert "1 failed: RuntimeError: out of memory" in said
    assert "2 runs of this sweep failed" in said
    assert said.count("Traceback") == 1  # of what a user cannot put right


def test_a_run_by_itself_that_came_to_nothing_lies_apart(tmp_path):
    assert start(tmp_path, "x=1").returncode == 1
    (failed,) = tmp_path.glob("outputs/failed/x=001-*")
    assert read_failure(failed) == "x=1 is wrong. Give another."
    assert {path.name for path in failed.iterdir()} >= {".hydra", "app.log"}
    assert start(tmp_path, "x=1", "hydra.run.dir=mine").returncode == 1  # a folder that the user named stays
    assert (tmp_path / "mine" / ".hydra").is_dir()


def test_what_can_be_gone_on_from_stays(tmp_path):
    run = tmp_path / "evaluate" / "attack=pgd"
    (run / "shards").mkdir(parents=True)
    assert set_apart(run, FacetrialError("no")) is None
    (run / "shards").rmdir()
    (run / "evaluate.log").touch()
    for _ in range(2):  # the second time it is there already
        assert set_apart(run, FacetrialError("no")) == tmp_path / "evaluate" / "failed" / "attack=pgd"
        assert not run.exists()
        run.mkdir()


def test_a_reason_is_kept_until_the_run_starts_again(tmp_path):
    assert read_failure(tmp_path) is None
    write_failure(tmp_path, FacetrialError("no such\nfile"))
    assert read_failure(tmp_path) == "no such file"
    write_failure(tmp_path, MemoryError("40 GiB"))
    assert read_failure(tmp_path) == "MemoryError: 40 GiB"
    forget_failure(tmp_path)
    assert read_failure(tmp_path) is None


@pytest.mark.parametrize("finished_before", [False, True])
def test_the_sweep_shows_it(tmp_path, finished_before):
    (summary, _), *_ = made_up_trials()
    for name in ("good", "bad"):
        (tmp_path / name / ".hydra").mkdir(parents=True)
        (tmp_path / name / ".hydra" / "overrides.yaml").write_text(f"- attack={name}\n")
        if name == "good" or finished_before:
            write_json(summary, tmp_path / name / "summary.json")
    write_failure(tmp_path / "bad", FacetrialError("<no such file>"))
    assert [(run.failure, run.summary is None) for run in gather_runs(tmp_path)] == [
        ("<no such file>", True),
        (None, False),
    ]
    gather_sweep(tmp_path)
    with open(tmp_path / "sweep.csv", newline="") as file:
        lines = {line["run"]: line for line in csv.DictReader(file)}
    assert (lines["bad"]["finished"], lines["bad"]["failed"]) == ("False", "<no such file>")
    assert (lines["good"]["finished"], lines["good"]["failed"]) == ("True", "")
    page = (tmp_path / "report.html").read_text()
    assert "failed: &lt;no such file&gt;" in page
    assert "1 of 2 trials finished" in page


def test_why_a_run_failed_is_not_known_from_a_damaged_file(tmp_path):
    write_failure(tmp_path, RuntimeError("out of\nmemory"))
    assert read_failure(tmp_path) == "RuntimeError: out of memory"
    whole = (tmp_path / "failed.json").read_text()
    for content in (whole.replace("memory", "memorz"), whole[:20], "[]", "", '{"error": 1, "reason": "x"}'):
        (tmp_path / "failed.json").write_text(content)
        assert "failed.json" in read_failure(tmp_path)


def test_what_hydra_could_not_write_either_is_said(tmp_path):
    (tmp_path / "file").touch()
    done = start(tmp_path, f"hydra.run.dir={tmp_path / 'file' / 'below'}")
    assert done.returncode == 1
    assert "Traceback" not in done.stdout + done.stderr
    assert "cannot write" in done.stderr
