"""What Hydra's callback of a sweep is told by its config."""

import pytest
from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.core.utils import JobReturn
from omegaconf import OmegaConf, open_dict

from facetrial.core.errors import FacetrialError
from facetrial.sweep import callback
from facetrial.sweep.callback import GatherSweep
from facetrial.sweep.planned import Plan
from tests.helpers.import_graph import ROOT
from tests.helpers.sweeps import add_overrides, made_up_trials, read_csv, write_trials


def test_plans_come_from_an_experiment():
    GlobalHydra.instance().clear()
    with initialize_config_dir(str(ROOT / "conf"), version_base="1.3"):
        config = compose("evaluate", ["experiment=defenses_cpu"], return_hydra_config=True)
    assert GatherSweep(comparisons=config.hydra.callbacks.sweep.comparisons).plans == (
        Plan("defense", "none", only=("attack=defenses_cpu/auto",)),
    )


def test_what_is_no_plan_ends_it_at_once():
    with pytest.raises(FacetrialError, match="must have of and against"):
        GatherSweep(comparisons=[{"of": "defense"}])


def test_planned_pairs_are_marked_in_the_table(tmp_path):
    for run, summary in write_trials(tmp_path, made_up_trials(), lambda number, _: str(number)):
        add_overrides(run, f"attack={summary.attack}", f"defense={summary.defense}")
    plan = {"of": "attack", "against": "scattered", "each": ["landmarks"]}
    config = OmegaConf.create({"hydra": {"sweep": {"dir": str(tmp_path)}}})
    GatherSweep(comparisons=OmegaConf.create([plan])).on_multirun_end(config)
    lines = read_csv(tmp_path / "comparisons.csv")
    assert [line["planned"] for line in lines] == ["True", *["False"] * 9]
    assert "Planned comparisons" in (tmp_path / "report.html").read_text()


def test_what_the_other_runs_take_is_said_after_each(tmp_path, monkeypatch, caplog):
    """In a process that runs them one after another; a worker beside others cannot know."""
    GlobalHydra.instance().clear()
    with initialize_config_dir(str(ROOT / "conf"), version_base="1.3"):
        words = [f"hydra.sweep.dir={tmp_path}", "hydra.mode=MULTIRUN"]
        config = compose("evaluate", words, return_hydra_config=True)
    with open_dict(config):
        config.hydra.overrides.task = ["attack=random,pgd,fgsm"]
        config.hydra.sweeper.params = {"seed": "0,1"}
    now = [0.0]
    monkeypatch.setattr(callback.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(callback, "gather_runs", lambda folder: [])
    monkeypatch.setattr(callback, "write_sweep_csv", lambda runs, folder: None)
    gathered = GatherSweep()
    gathered.on_multirun_start(config)
    with caplog.at_level("INFO"):
        for _ in range(6):
            now[0] += 30.0
            gathered.on_job_end(config, JobReturn())
        assert caplog.messages == [
            f"{done} of 6 runs are done; the others take about {left}."
            for done, left in ((1, "2 min"), (2, "2 min"), (3, "2 min"))
        ]
        caplog.clear()
        other = GatherSweep()
        other.on_multirun_start(config)
        monkeypatch.setattr(callback.os, "getpid", lambda: -1)
        other.on_job_end(config, JobReturn())
        assert not caplog.messages
