"""Training a recogniser from a config: cut short and gone on with, with zero epochs, at a last batch of one."""

import pytest
import torch

from facetrial.core.errors import FacetrialError
from facetrial.runtime.checkpoints import load_checkpoint
from facetrial.training.plan import RecognizerPlan
from facetrial.training.train import train_recognizer
from tests.helpers.configs import composed
from tests.helpers.tiny import Epochs, killed_in_epoch, tiny_plan

COUNTED = "+callbacks.epochs._target_=tests.helpers.tiny.Epochs"


def test_killed_training_goes_on_with_the_remaining_epochs(tmp_path):
    overrides = ["trainer.max_epochs=4", "embedder.dimension=4", COUNTED]
    killed_in_epoch(2, tmp_path, *overrides)
    plan = tiny_plan(tmp_path, *overrides)
    assert not plan.path.exists()

    # A training with other settings does not take over what was left.
    train_recognizer(tiny_plan(tmp_path, *overrides, "seed=5"))
    assert Epochs.trained == (0, 1, 2, 3)
    rates = Epochs.rates

    metrics = train_recognizer(plan)
    assert Epochs.trained == (2, 3)
    assert Epochs.rates == pytest.approx(rates[2:])
    assert load_checkpoint(plan.path, "recognizer")["metrics"] == metrics
    assert not list((tmp_path / "models").glob("*.partial"))

    # What it learnt is what it would have learnt at one go.
    at_one_go = tiny_plan(tmp_path / "at_one_go", *overrides)
    train_recognizer(at_one_go)
    states = [load_checkpoint(c.path, "recognizer")["state"] for c in (plan, at_one_go)]
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[1])


def test_a_folder_that_cannot_be_written_to_is_found_before_the_work(tmp_path, monkeypatch):
    (tmp_path / "models").write_text("a file in the way")
    monkeypatch.setattr(RecognizerPlan, "make_training_data", lambda plan: pytest.fail("the work had begun"))
    with pytest.raises(FacetrialError, match=r"cannot write .*models"):
        train_recognizer(tiny_plan(tmp_path))


def test_a_folder_that_is_not_there_is_said_before_weights_are_fetched(tmp_path, monkeypatch):
    monkeypatch.setattr(RecognizerPlan, "make_embedder", lambda plan: pytest.fail("weights were fetched"))
    with pytest.raises(FacetrialError, match="gone is not a folder"):
        train_recognizer(RecognizerPlan.of(composed(tmp_path, "data=folder", f"data.root={tmp_path}/gone")))


@pytest.mark.parametrize("epochs", [0, 1])
def test_a_network_without_weights_that_is_not_trained_is_said(tmp_path, caplog, epochs):
    network = ("embedder=mobilefacenet",)
    train_recognizer(tiny_plan(tmp_path, f"trainer.max_epochs={epochs}", embedder=network))
    assert ("mobilefacenet starts from chance" in caplog.text) == (epochs == 0)


def test_what_the_data_draws_does_not_change_the_recogniser(tmp_path, monkeypatch):
    states = []
    for name in ("one", "two"):
        plan = tiny_plan(tmp_path / name, "trainer.max_epochs=1")
        train_recognizer(plan)
        states.append(load_checkpoint(plan.path, "recognizer")["state"])
        make = RecognizerPlan.make_training_data
        monkeypatch.setattr(
            RecognizerPlan, "make_training_data", lambda plan, make=make: (torch.rand(7), make(plan))[1]
        )
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])


def test_what_was_left_of_a_training_cannot_be_read(tmp_path, caplog):
    plan = tiny_plan(tmp_path, "trainer.max_epochs=1")
    plan.partial.mkdir(parents=True)
    (plan.partial / "last.ckpt").write_bytes(b"half a file")
    train_recognizer(plan)
    assert "last.ckpt is damaged" in caplog.text
    assert "begun afresh" in caplog.text
    whole = tiny_plan(tmp_path / "whole", "trainer.max_epochs=1")
    train_recognizer(whole)
    states = [load_checkpoint(one.path, "recognizer")["state"] for one in (plan, whole)]
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[1])


def test_zero_epochs_is_transfer(tmp_path):
    plan = tiny_plan(tmp_path, "trainer.max_epochs=0", COUNTED)
    metrics = train_recognizer(plan)
    assert Epochs.trained == ()
    assert set(metrics) == {"validation/head_accuracy", "test/head_accuracy"}
    assert "head.weight" in load_checkpoint(plan.path, "recognizer")["state"]


def test_the_models_epochs_are_the_trainers(tmp_path):
    overrides = ["trainer.max_epochs=${model.max_epochs}", "model.max_epochs=1", COUNTED]
    train_recognizer(tiny_plan(tmp_path, *overrides))
    assert Epochs.trained == (0,)


def test_a_last_batch_of_one_picture(tmp_path):
    # 15 training pictures; batch-norm of vectors cannot learn from one.
    mobilefacenet = ("embedder=mobilefacenet",)
    plan = tiny_plan(tmp_path, "model.batch_size=7", "data.size=112", embedder=mobilefacenet)
    plan = plan.but(trainer=plan.trainer | {"max_epochs": 1})
    assert 0 <= train_recognizer(plan)["test/head_accuracy"] <= 1


def test_adversarial_training(tmp_path):
    metrics = train_recognizer(tiny_plan(tmp_path, "defense=adv", "trainer.max_epochs=1"))
    assert metrics["test/head_accuracy"] > 0.5


def test_the_same_seed_gives_the_same_recogniser(tmp_path):
    states = []
    for name in ("one", "two"):
        plan = tiny_plan(tmp_path / name, "trainer.max_epochs=1", "seed=0")
        train_recognizer(plan)
        states.append(load_checkpoint(plan.path, "recognizer")["state"])
    assert all((states[0][name] == states[1][name]).all() for name in states[0])


def test_batches_too_small(tmp_path):
    with pytest.raises(FacetrialError, match=r"model\.batch_size must be at least 2, found 1"):
        train_recognizer(tiny_plan(tmp_path, "model.batch_size=1"))


def test_data_without_identities(tmp_path):
    with pytest.raises(FacetrialError, match="data is a dict, which has no identities"):
        train_recognizer(tiny_plan(tmp_path, "data._target_=builtins.dict"))


@pytest.mark.parametrize("name", ["WithoutConstructor", "Locked"])
def test_an_embedder_that_keeps_no_numbers_or_cannot_be_copied(tmp_path, name):
    own = ("embedder=own", f"embedder._target_=tests.helpers.own.{name}", "embedder.size=32")
    plan = tiny_plan(tmp_path, "trainer.max_epochs=0", embedder=own)
    metrics = train_recognizer(plan)
    assert metrics["test/head_accuracy"] > 0.9
    images = torch.rand(2, 3, 32, 32)
    assert plan.load_victim().freeze()(images).shape == (2, 3)
