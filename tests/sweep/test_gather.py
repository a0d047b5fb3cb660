"""What a sweep leaves when it ends, finished or not."""

import subprocess
import sys

import pytest

from facetrial.core.errors import FacetrialError
from facetrial.runtime.failures import EndWithFailures
from facetrial.sweep.callback import GatherSweep
from facetrial.sweep.gather import gather_sweep
from facetrial.sweep.runs import gather_runs
from tests.helpers.sweeps import add_overrides, made_up_trials, read_csv, write_trials

APP = """
import pathlib, shutil
import hydra

@hydra.main(version_base="1.3", config_path=None, config_name="app")
def run(config):
    out = pathlib.Path(hydra.core.hydra_config.HydraConfig.get().runtime.output_dir)
    if config.attack == "broken":
        raise RuntimeError("broken on purpose")
    place = pathlib.Path(config.made) / f"{config.attack}-{config.defense}"
    for name in ("summary.json", "verdicts.csv"):
        shutil.copy(place / name, out / name)

from hydra.core.config_store import ConfigStore
callback = {"_target_": "facetrial.sweep.GatherSweep", "study": True, "people": ["Tony Blair"]}
ConfigStore.instance().store("app", {
    "attack": "random", "defense": "none", "made": "", "hydra": {"callbacks": {"sweep": callback}}})
run()
"""


def test_hydra_gathers_a_sweep(tmp_path):
    made, out = tmp_path / "made", tmp_path / "sweep"
    list(write_trials(made, made_up_trials(), lambda _, s: f"{s.attack}-{s.defense}"))
    (tmp_path / "app.py").write_text(APP)
    command = [
        sys.executable,
        "app.py",
        "-m",
        f"made={made}",
        f"hydra.sweep.dir={out}",
        "defense=none,adv_landmarks",
    ]
    ran = subprocess.run([*command, "attack=random,landmarks"], cwd=tmp_path, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    assert "Callback" not in ran.stderr
    assert {"sweep.csv", "report.html", "study.md", "study.png"} <= {path.name for path in out.iterdir()}
    assert [line["run"] for line in read_csv(out / "sweep.csv")] == ["0", "1", "2", "3"]
    assert "Tony Blair" in (out / "study.md").read_text()

    stopped = tmp_path / "stopped"
    command[4] = f"hydra.sweep.dir={stopped}"
    ran = subprocess.run([*command, "attack=random,broken"], cwd=tmp_path, capture_output=True, text=True)
    assert ran.returncode != 0
    finished = {line["overrides"]: line["finished"] for line in read_csv(stopped / "sweep.csv")}
    assert len(finished) == 4
    assert all((value == "True") == ("attack=random" in run) for run, value in finished.items())


def test_a_line_a_run_in_the_order_of_numbers(tmp_path):
    trials = made_up_trials()
    for run, summary in write_trials(tmp_path, trials, lambda number, _: str(3 * number)):
        add_overrides(run, f"attack={summary.attack}", f"defense={summary.defense}")
    add_overrides(tmp_path / "10", "attack=killed")
    assert [run.folder.name for run in gather_runs(tmp_path)] == ["0", "3", "6", "9", "10", "12"]

    gather_sweep(tmp_path)
    lines = {line["run"]: line for line in read_csv(tmp_path / "sweep.csv")}
    assert lines["10"]["finished"] == "False"
    assert lines["10"]["robust_accuracy"] == ""
    assert float(lines["3"]["robust_accuracy"]) == trials[1][0].robust_accuracy.value
    assert lines["3"]["overrides"] == "attack=landmarks defense=none"
    page = (tmp_path / "report.html").read_text()
    assert "5 of 6 trials finished" in page
    assert "http" not in page.replace('http-equiv="Content-Security-Policy"', "")
    assert page.count('class="chart"') == page.count('role="img"') == 1
    assert {"runs.png", "runs.svg"} <= {path.name for path in tmp_path.iterdir()}


def test_levels_go_to_tables_of_their_own(tmp_path):
    for level in ("0.1", "0.2"):
        trials = made_up_trials(synthetic=True)
        for run, summary in write_trials(
            tmp_path, trials, lambda number, _, level=level: f"{level}-{number}"
        ):
            changed = f"attack.budget.rms={level}"
            add_overrides(run, f"attack={summary.attack}", changed, f"defense={summary.defense}", "seed=0")
    written = {path.name for path in gather_sweep(tmp_path, study=True)}
    assert {"study-attack.budget.rms=0.1.md", "study-attack.budget.rms=0.2.csv"} <= written
    page = (tmp_path / "report.html").read_text()
    assert page.count("<h2>The study&#39;s table") + page.count("<h2>The study's table") == 2
    assert page.index("<h2>The study") < page.index(
        "<h2>All trials"
    )  # what the sweep was made for comes first
    assert page.index('<a href="#first-1">') < page.index('<a href="#trials">')
    assert "Synthetic" in page


def test_study_that_lacks_a_run_is_refused_after_the_rest_is_written(tmp_path, caplog):
    """Hydra only warns of what a callback raises, and ends with exit code 0."""
    for run, _ in write_trials(tmp_path, made_up_trials(), lambda number, _: str(number)):
        last = run
    (last / "summary.json").unlink()
    add_overrides(last, "attack=landmarks", "defense=adv_landmarks")
    GatherSweep(study=True).on_multirun_end(_config(tmp_path))
    with pytest.raises(SystemExit) as ended:
        EndWithFailures().on_multirun_end(_config(tmp_path))
    assert ended.value.code == 1
    assert "4 has not finished" in caplog.text
    assert len(read_csv(tmp_path / "sweep.csv")) == 5
    assert (tmp_path / "report.html").is_file()
    assert not (tmp_path / "study.md").exists()
    GatherSweep().on_multirun_end(_config(tmp_path))  # as it is started again, asked for less
    EndWithFailures().on_multirun_end(_config(tmp_path))


def test_a_run_that_cannot_be_read_takes_the_others_nothing(tmp_path):
    for run, _ in write_trials(tmp_path, made_up_trials(), lambda number, _: str(number)):
        last = run
    (last / "summary.json").write_text('{"schema": "of another version", "robust_accuracy": 1}')
    GatherSweep().on_multirun_end(_config(tmp_path))
    lines = read_csv(tmp_path / "sweep.csv")
    assert [line["finished"] for line in lines] == ["True"] * 4 + ["False"]
    assert "has schema 'of another version'" in lines[-1]["failed"]
    assert (tmp_path / "report.html").is_file()


def test_folder_without_runs_is_named(tmp_path):
    with pytest.raises(FacetrialError, match="no run below"):
        gather_sweep(tmp_path)


def _config(folder):
    from omegaconf import OmegaConf

    return OmegaConf.create({"hydra": {"sweep": {"dir": str(folder)}}})
