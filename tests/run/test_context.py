"""The context of a trial: each thing made once, and the surrogate as the config names it."""

import pytest
from lightning.pytorch.callbacks import Checkpoint
from omegaconf import OmegaConf

from facetrial.attacks.attack import Attack
from facetrial.core.errors import FacetrialError
from facetrial.run import context as contexts
from facetrial.run.context import TrialContext
from facetrial.training.plan import RecognizerPlan
from tests.helpers.commands import TINY, words_of
from tests.helpers.configs import composed


def test_each_thing_is_made_once(tmp_path, monkeypatch):
    made = []
    instantiate = contexts.instantiate
    monkeypatch.setattr(contexts, "instantiate", lambda *a, **k: (made.append(a[0]), instantiate(*a, **k))[1])
    context = TrialContext(composed(tmp_path, "attack=pgd", "defense=[jpeg,adv]"), tmp_path)
    assert isinstance(context.attack, Attack)
    for name in ("attack", "goal", "checks", "defenses", "certificate", "physical", "plan", "settings"):
        assert getattr(context, name) is getattr(context, name), name
    assert len(made) == 6  # the task, the goal, the attack, checks, certificate, physical
    assert context.plan.defenses is context.defenses


def test_nothing_is_made_before_it_is_asked_for(tmp_path):
    """A mistake in the attack is told before anything is trained, and a finished trial loads nothing."""
    context = TrialContext(composed(tmp_path, "attack=pgd"), tmp_path)
    assert context.digest
    assert not {"recognizer", "faces", "trainer", "attack"} & vars(context).keys()


def test_the_config_is_left_as_it_is(tmp_path):
    config = composed(tmp_path, "attack=pgd", "defense=adv", "attack.surrogate=mobilefacenet")
    before = OmegaConf.to_yaml(config)
    context = TrialContext(config, tmp_path)
    assert context.settings == OmegaConf.to_container(config, resolve=True)
    assert isinstance(context.plan, RecognizerPlan)
    assert OmegaConf.to_yaml(config) == before


def test_a_name_that_is_none_is_told_with_those_there_are(tmp_path):
    context = TrialContext(composed(tmp_path, "attack=pgd", "attack.surrogate=smal"), tmp_path)
    with pytest.raises(FacetrialError, match=r"attack\.surrogate=smal: .* there are .*mobilefacenet.*small"):
        context.surrogate  # noqa: B018


def test_an_attack_that_names_none_has_none(tmp_path):
    assert TrialContext(composed(tmp_path), tmp_path).surrogate is None


def test_faces_are_cut_for_it_as_it_wants_them_and_it_is_trained_like_the_victim(tmp_path, monkeypatch):
    """The data's size is the embedder's: a surrogate of another size sees other crops of the same pictures."""
    asked = []
    monkeypatch.setattr(contexts, "make_surrogate", lambda plan, faces: asked.append(plan))
    overrides = ["attack=pgd", "attack.surrogate=mobilefacenet", "defense=adv", "embedder.size=64"]
    context = TrialContext(composed(tmp_path, *overrides), tmp_path)
    vars(context)["faces"] = None
    assert context.surrogate is None
    (plan,) = asked
    assert (context.plan.data["size"], plan.data["size"], plan.embedder["size"]) == (64, 112, 112)
    assert plan.embedder["_target_"].endswith("MobileFaceNet")
    assert plan.model == context.plan.model
    assert plan.defense == context.plan.defense


def test_it_takes_weights_of_its_own(tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(contexts, "make_surrogate", lambda plan, faces: asked.append(plan))
    (tmp_path / "weights.pt").touch()
    weights = f"surrogate.weights={tmp_path / 'weights.pt'}"
    (tmp_path / "victim.ckpt").touch()
    victim = f"model.checkpoint={tmp_path / 'victim.ckpt'}"  # in which no surrogate lies
    config = composed(tmp_path, "attack=pgd", "attack.surrogate=mobilefacenet", weights, victim)
    context = TrialContext(config, tmp_path)
    vars(context)["faces"] = None
    context.surrogate  # noqa: B018
    assert asked[0].embedder["weights"] == str(tmp_path / "weights.pt")
    assert asked[0].model["checkpoint"] is None
    assert "weights" not in context.plan.embedder


@pytest.mark.parametrize("override", ["callbacks.progress=null", "callbacks=none", "callbacks=default"])
def test_a_callback_may_be_taken_away(tmp_path, override):
    context = TrialContext(composed(tmp_path, "attack=pgd", "logger=none", override), tmp_path)
    assert not any(isinstance(callback, Checkpoint) for callback in context.trainer.callbacks)


def test_callbacks_that_keep_checkpoints_are_for_trainings(tmp_path):
    keeps = "+callbacks.keeps._target_=lightning.pytorch.callbacks.ModelCheckpoint"
    context = TrialContext(composed(tmp_path, "attack=pgd", "logger=none", keeps), tmp_path)
    assert not any(isinstance(callback, Checkpoint) for callback in context.trainer.callbacks)


def test_an_own_defence_that_writes_into_its_pictures_is_refused(tmp_path, monkeypatch):
    """What it leaves would be taken for the clean picture."""
    (tmp_path / "own_grey.py").write_text(
        "from facetrial.defenses.transform import InputTransform\n"
        "class Grey(InputTransform):\n"
        "    has_slope = True\n"
        "    def transform(self, images):\n"
        "        images[:] = images.mean(1, keepdim=True)\n"
        "        return images\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    config = composed(
        tmp_path, *words_of(tmp_path), *TINY, "attack=random", "+defense.grey._target_=own_grey.Grey"
    )
    context = TrialContext(config, tmp_path)
    with pytest.raises(FacetrialError, match="writes into"):
        _ = context.victim
