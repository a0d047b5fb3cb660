"""Plans: a network as a config describes it, and the Trainer of its training."""

import pytest
from lightning import Trainer

from facetrial.runtime import plan as plans
from facetrial.runtime.plan import make_trainer
from facetrial.training.plan import RecognizerPlan
from tests.helpers.configs import composed
from tests.helpers.tiny import tiny_plan


@pytest.mark.parametrize(("shown", "names"), [("true", ["RichProgressBar"]), ("false", [])])
def test_progress_is_shown_where_it_is_wanted(tmp_path, shown, names):
    config = composed(tmp_path, f"trainer.enable_progress_bar={shown}")
    trainer = make_trainer(config.trainer, config.callbacks, config.logger, [])
    assert isinstance(trainer, Trainer)
    assert [type(c).__name__ for c in trainer.callbacks if "Progress" in type(c).__name__] == names


def test_a_plan_alone_trains_on_one_device_and_tells_no_logger(tmp_path):
    plan = tiny_plan(tmp_path, "+logger.csv._target_=my.Logger", "trainer.devices=2")
    alone = plan.alone(max_epochs=5)
    assert (alone.trainer["devices"], alone.trainer["max_epochs"], alone.logger) == (1, 5, {})
    assert (plan.trainer["devices"], plan.trainer["max_epochs"], list(plan.logger)) == (2, 2, ["csv"])


def test_the_files_of_the_data_are_read_once_for_a_plan_and_those_made_of_it(tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(plans, "data_files", lambda data: asked.append(data) or "3 files, 1234")
    plan = tiny_plan(tmp_path)
    undefended = plan.but(data=plan.data | {"batch_size": 7})
    assert plan.recipe["data"]["files"] == "3 files, 1234"
    again = plan.but(data=plan.data | {"batch_size": 7})
    assert again.recipe == plan.recipe
    assert len(asked) == 1
    assert undefended.recipe == plan.recipe  # made before they were read
    plan.but(data=plan.data | {"root": "elsewhere"}).recipe  # noqa: B018
    assert len(asked) == 3


def test_a_training_inside_a_training_inside_a_trial_is_outside_of_slurm_too(tmp_path):
    once = RecognizerPlan.of(composed(tmp_path, "trainer.num_nodes=2", "trainer.devices=4")).alone()
    assert (once.trainer["num_nodes"], once.trainer["devices"], len(once.trainer["plugins"])) == (1, 1, 1)
    assert once.alone().trainer == once.trainer
