"""Trials one after another in one process: what it keeps for the next one changes nothing of what that one leaves."""

import json
import os
import sys

import pytest
import torch

from facetrial.core.process.kept import forget, keeping
from facetrial.recognition.victim import Victim
from facetrial.runtime.checkpoints import save_checkpoint
from facetrial.training.plan import RecognizerPlan
from facetrial.training.train import recognizer_for, train_recognizer
from tests.helpers.commands import drawn_plan, run

TRIALS = {
    "noise": ["attack=random", "defense=squeezing"],
    "jpeg": ["attack=fgsm", "defense=jpeg"],
    "someone": ["attack=pgd", "attack.method.steps=2", "goal=impersonation", "model/head=gallery"],
    "fitted": ["attack=universal", "attack.method.epochs=1", "attack/region=eyes"],
}
MEASURED = ("seconds", "images_per_second", "cost")


@pytest.fixture(autouse=True)
def _nothing_kept():
    forget()
    yield
    forget()


def left(home, name: str, out: str) -> tuple:
    """What a trial leaves in its folder, less what a clock says."""
    done = run(home, *TRIALS[name], "data.limit=4", "trainer.max_epochs=1", "logger=none", out=out)
    assert done.returncode == 0, done.said
    folder = home / out
    summary = json.loads((folder / "summary.json").read_text())
    for key in MEASURED:
        summary.pop(key, None)
    return (folder / "verdicts.csv").read_bytes(), (folder / "tasks.csv").read_bytes(), summary


def differing(first: dict, second: dict) -> dict:
    """What stands under one name in two summaries, and is not the same."""
    return {k: (first.get(k), second.get(k)) for k in {*first, *second} if first.get(k) != second.get(k)}


def test_a_warm_process_leaves_what_a_fresh_one_does(tmp_path, monkeypatch):
    fresh = {}
    for name in TRIALS:
        forget()
        fresh[name] = left(tmp_path, name, f"fresh-{name}")
    # The package's `evaluate` is the function.
    monkeypatch.setattr(sys.modules["facetrial.run.evaluate"], "sweep_folder", lambda: tmp_path)
    loaded, load = [], RecognizerPlan.load_victim
    monkeypatch.setattr(RecognizerPlan, "load_victim", lambda plan: (loaded.append(1), load(plan))[1])
    for turn, name in enumerate(("jpeg", "fitted", "noise", "someone", "jpeg", "noise")):
        warm = left(tmp_path, name, f"warm-{turn}")
        assert warm[:2] == fresh[name][:2], (turn, name)
        assert differing(warm[2], fresh[name][2]) == {}, (turn, name)
    assert len(loaded) == 2  # behind an SVM, and behind a gallery


def test_a_recogniser_is_handed_out_as_a_copy(tmp_path):
    plan = drawn_plan(tmp_path)
    train_recognizer(plan)
    settle(plan)
    with keeping():
        first = recognizer_for(plan)
        state = {name: value.clone() for name, value in first.state_dict().items()}
        first.freeze().double()
        first.head = torch.nn.Identity()
        second = recognizer_for(plan)
    assert isinstance(second, Victim)
    assert second.embedder.training
    assert all(parameter.requires_grad for parameter in second.embedder.parameters())
    assert second.state_dict().keys() == state.keys()
    assert all(torch.equal(value, state[name]) for name, value in second.state_dict().items())


def test_a_checkpoint_that_was_replaced_is_read(tmp_path):
    plan = drawn_plan(tmp_path)
    train_recognizer(plan)
    settle(plan)
    with keeping():
        before = recognizer_for(plan).state_dict()
        content = torch.load(plan.path, weights_only=True)
        first = next(name for name in content["state"] if name.endswith("weight"))
        content["state"][first] += 1
        save_checkpoint(plan.path, **{key: content[key] for key in content if key != "format"})
        after = recognizer_for(plan).state_dict()
        assert not torch.equal(before[first], after[first])
        settle(plan)
        assert torch.equal(recognizer_for(plan).state_dict()[first], after[first])


def settle(plan: RecognizerPlan) -> None:
    """Has a checkpoint look as if it had been written long ago, but for its number on the disk."""
    os.utime(plan.path, (1, 1))
