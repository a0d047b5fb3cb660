"""Every launcher config runs a sweep here, and its runs are gathered; Slurm's is held to what its launcher knows."""

import csv
import importlib.util
import subprocess
import sys
from dataclasses import fields

import pytest
from hydra import compose, initialize_config_dir
from hydra.core.plugins import Plugins
from hydra.plugins.launcher import Launcher
from hydra.utils import instantiate

from facetrial.runtime.resolvers import side_by_side
from tests.helpers.configs import named
from tests.helpers.paths import CONF
from tests.helpers.sweeps import made_up_trials, write_trials

# Without torch, so that it starts at once: `facetrial` would import it.
APP = """
import os, pathlib, shutil
import hydra
from hydra.core.config_store import ConfigStore
from hydra.core.hydra_config import HydraConfig

@hydra.main(version_base="1.3", config_path=None, config_name="app")
def run(config):
    out = pathlib.Path(HydraConfig.get().runtime.output_dir)
    shutil.copy(config.made, out / "summary.json")
    (out / "threads").write_text(os.environ.get("OMP_NUM_THREADS", ""))
    return 0.5

if __name__ == "__main__":
    callback = {"_target_": "facetrial.sweep.GatherSweep"}
    ConfigStore.instance().store("app", {"x": 0, "made": "", "hydra": {"callbacks": {"sweep": callback}}})
    import facetrial.runtime.resolvers
    run()
"""
LOCAL = sorted(set(named("hydra/launcher")) - {"submitit_slurm"})
PACKAGES = {"submitit_local": "submitit", "joblib": "joblib"}


@pytest.mark.parametrize("launcher", LOCAL)
def test_it_runs_a_sweep(tmp_path, launcher):
    if importlib.util.find_spec(PACKAGES[launcher]) is None:
        pytest.skip(f"{PACKAGES[launcher]} is not installed: it comes with an extra (pyproject.toml)")
    ((run, _), *_) = write_trials(tmp_path / "made", made_up_trials()[:1], lambda *_: "0")
    (tmp_path / "app.py").write_text(APP)
    command = [
        sys.executable,
        "app.py",
        "-m",
        "x=1,2",
        f"made={run / 'summary.json'}",
        "hydra.sweep.dir=sweep",
    ]
    command += [f"hydra.searchpath=[file://{CONF}]", f"hydra/launcher={launcher}"]
    command += ["hydra.launcher.n_jobs=2"] if launcher == "joblib" else []
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=400)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    with open(tmp_path / "sweep" / "sweep.csv", newline="") as file:
        lines = list(csv.DictReader(file))
    assert [line["overrides"].split()[0] for line in lines] == ["x=1", "x=2"]
    assert all(line["finished"] == "True" for line in lines)
    assert (tmp_path / "sweep" / "report.html").is_file()


def test_slurm_is_given_what_its_launcher_knows(tmp_path):
    config = pytest.importorskip("hydra_plugins.hydra_submitit_launcher.config")
    overrides = [
        f"hydra.sweep.dir={tmp_path}",
        "hydra/launcher=submitit_slurm",
        "hydra.launcher.partition=gpu",
        "trainer.num_nodes=2",
        "trainer.devices=4",
    ]
    with initialize_config_dir(str(CONF), version_base="1.3"):
        launcher = compose("evaluate", overrides, return_hydra_config=True).hydra.launcher
    known = {field.name for field in fields(config.SlurmQueueConf)}
    assert set(launcher) <= known
    made = instantiate(launcher)
    assert type(made) in Plugins.instance().discover(Launcher)
    assert made.params["partition"] == "gpu"
    assert [made.params[key] for key in ("nodes", "tasks_per_node", "gpus_per_node")] == [2, 4, 4]
    assert made.params["submitit_folder"].startswith(str(tmp_path))


def test_runs_side_by_side_never_promise_a_core_twice():
    import joblib

    assert 1 <= side_by_side() <= min(8, joblib.cpu_count())
