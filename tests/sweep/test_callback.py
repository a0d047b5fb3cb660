"""What Hydra's callback of a sweep is told by its config."""

import pytest
from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from omegaconf import OmegaConf

from facetrial.core.errors import FacetrialError
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
