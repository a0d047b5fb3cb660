"""Training against attacks that ask the recogniser: it is the one in training, and comes back as it was."""

import pytest
import torch

from facetrial.attacks.attack import Attack
from facetrial.attacks.budgets.linf import Linf
from facetrial.attacks.gradient.pgd import PGD
from facetrial.attacks.losses import Cosine, Margin
from facetrial.attacks.result import MethodResult
from facetrial.core.errors import FacetrialError
from facetrial.defenses.trained.adversarial_batches import Schedule, Weights
from facetrial.defenses.trained.adversarial_data import AdversarialFaces
from facetrial.defenses.trained.adversarial_training import AdversarialTraining
from facetrial.defenses.trained.overfitting_guard import OverfittingGuard
from facetrial.recognition.layers import scores_of
from facetrial.regions.regions import Everywhere
from facetrial.runtime.checkpoints import load_checkpoint
from facetrial.training.fit_head import FitHead
from facetrial.training.train import train_recognizer
from tests.helpers.adversarial import COUNTED, data_and_module, of_training
from tests.helpers.tiny import Epochs, killed_in_epoch, tiny_plan


def test_the_recogniser_in_training_is_attacked_and_comes_back_as_it_was():
    data, module = data_and_module()
    before = {name: value.clone() for name, value in module.state_dict().items()}
    batch, mixed = of_training(data, module)
    assert module.training
    assert all(parameter.requires_grad for parameter in module.parameters())
    assert all(torch.equal(value, before[name]) for name, value in module.state_dict().items())
    module.eval()
    victim = module.as_victim(data.names)
    own = batch.identities[:, None]
    sure = [scores_of(victim, b.images).softmax(1).gather(1, own).mean() for b in (batch, mixed)]
    assert sure[1] < sure[0]
    assert (mixed.images - batch.images).abs().max() <= 16 / 255 + 1e-6


def test_against_the_embedding_each_picture_is_moved_from_its_own():
    attack = Attack(Everywhere(), Linf(16), PGD(Cosine(), 4, 0.5, early_stop=False))
    data, module = data_and_module(attack, against_embedding=True)
    batch, mixed = of_training(data, module)
    assert torch.equal(mixed.identities, batch.identities)
    module.eval()
    noise = batch.images + (16 / 255) * torch.randn_like(batch.images).sign()
    clean, moved, noisy = (module(images) for images in (batch.images, mixed.images, noise.clamp(0, 1)))
    assert ((clean * moved).sum(1) < (clean * noisy).sum(1)).all()


@pytest.mark.parametrize("loss", [Cosine(), Margin()], ids=["cosine", "margin"])
def test_against_the_embedding_a_picture_is_perturbed_alike_in_any_batch(loss):
    attack = Attack(Everywhere(), Linf(16), PGD(loss, 5, 0.4, early_stop=False))
    data, module = data_and_module(attack, against_embedding=True)
    batch, mixed = of_training(data, module)
    module.eval()
    victim = module.as_victim(data.names)
    alone = [data.mixed(batch.select(torch.tensor([row])), 1, victim).images for row in range(len(batch))]
    away = (torch.cat(alone) - mixed.images).abs().flatten(1).amax(1)
    assert (away < 1e-3).all()
    assert ((mixed.images - batch.images).abs().flatten(1).amax(1) > 0).all()


def test_the_budget_and_the_share_grow_as_the_schedule_says():
    data, module = data_and_module(schedule=Schedule(begin=1, grow=3))
    sizes = []
    for epoch in range(6):
        batch, mixed = of_training(data, module, epoch)
        sizes.append(float((mixed.images - batch.images).abs().max()) * 255)
    assert sizes == pytest.approx([0, 4, 8, 12, 16, 16], abs=1e-3)
    assert [Schedule(begin=1, spread=1).share(epoch) for epoch in range(4)] == [0.0, 0.5, 1.0, 1.0]


def test_an_attack_that_breaks_its_budget_stops_the_training():
    class Cheat(PGD):
        def __call__(self, problem):
            found = super().__call__(problem)
            return MethodResult(**(vars(found) | {"images": (problem.images + 0.5).clamp(0, 1)}))

    data, module = data_and_module(Attack(Everywhere(), Linf(4), Cheat(Margin(), 1, 0.5)))
    with pytest.raises(FacetrialError, match=r"broke its own rules.*\d/\d"):
        of_training(data, module)


def test_pairs_are_not_perturbed_again():
    data, module = data_and_module(weights=Weights(1.0, 1.0))
    outer = AdversarialFaces(data, data.attack, 1.0, 0)
    with pytest.raises(FacetrialError, match="wrap last"):
        of_training(outer, module)


def test_weights_without_training_the_embedder_are_refused():
    with pytest.raises(FacetrialError, match="head_only"):
        data_and_module(weights=Weights(1.0, 1.0), head_only=True)


def test_a_schedule_longer_than_the_training_is_refused(tmp_path):
    plan = tiny_plan(tmp_path, "defense=adv", "defense.adv.schedule.grow=2", "trainer.max_epochs=2")
    with pytest.raises(FacetrialError, match=r"defense\.adv\.schedule.*epoch 3.*trainer\.max_epochs"):
        train_recognizer(plan)


@pytest.mark.parametrize("defense", ["adv_pgd", "trades", "consistent", "adv_head", "adv_fast"])
def test_every_variant_trains(tmp_path, defense):
    plan = tiny_plan(
        tmp_path,
        f"defense={defense}",
        f"defense.{defense}.epochs=1",
        f"defense.{defense}.schedule.grow=0",
        "trainer.max_epochs=1",
    )
    metrics = train_recognizer(plan)
    assert metrics["test/head_accuracy"] > 0
    made_by = load_checkpoint(plan.path, "recognizer")["config"]
    assert list(made_by["defense"]) == [defense]


def test_what_was_fitted_to_be_trained_against_is_kept_when_training_is_cut_short(tmp_path):
    overrides = (
        "defense=[adv,noise]",
        "attack@defense.adv.attack=universal",
        "defense.adv.attack.method.epochs=1",
        "defense.noise.epochs=2",
        COUNTED,
    )
    killed_in_epoch(1, tmp_path, *overrides)
    states = []
    for folder, epochs in ((tmp_path, (1,)), (tmp_path / "at one go", (0, 1))):
        plan = tiny_plan(folder, *overrides)
        train_recognizer(plan)
        assert Epochs.trained == epochs
        states.append(load_checkpoint(plan.path, "recognizer")["state"])
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[1])


def test_a_defence_may_train_where_the_rest_does_not(tmp_path):
    plan = tiny_plan(
        tmp_path,
        "defense=adv_pgd",
        "defense.adv_pgd.epochs=2",
        "defense.adv_pgd.schedule.grow=1",
        "trainer.max_epochs=0",
        COUNTED,
    )
    train_recognizer(plan)
    assert Epochs.trained == (0, 1)
    assert plan.path.is_file()


def test_with_zero_epochs_the_head_alone_is_hardened(tmp_path):
    clean, hardened = (
        tiny_plan(tmp_path, f"defense={defense}", "trainer.max_epochs=0") for defense in ("none", "adv_head")
    )
    states = []
    for plan in (clean, hardened):
        train_recognizer(plan)
        states.append(load_checkpoint(plan.path, "recognizer")["state"])
    assert all(torch.equal(states[0][n], states[1][n]) for n in states[0] if n.startswith("embedder."))
    assert not torch.equal(states[0]["head.weight"], states[1]["head.weight"])


AVERAGED = ("defense=adv_pgd", "defense.adv_pgd.epochs=3", "defense.adv_pgd.schedule.grow=0", COUNTED)


def test_the_mean_of_the_weights_is_what_is_kept(tmp_path):
    states = {}
    for averaging in ("null", "0.0", "0.9"):
        plan = tiny_plan(tmp_path / averaging, *AVERAGED, f"defense.adv_pgd.averaging={averaging}")
        train_recognizer(plan)
        states[averaging] = load_checkpoint(plan.path, "recognizer")["state"]
    assert all(torch.equal(states["null"][name], states["0.0"][name]) for name in states["null"])
    moved = [name for name in states["null"] if not torch.equal(states["null"][name], states["0.9"][name])]
    assert any(name.startswith("embedder.") for name in moved)


@pytest.mark.parametrize("averaging", ["null", "0.9"])
def test_what_starts_from_the_clean_recogniser_goes_on_where_it_was_cut_short(tmp_path, averaging):
    overrides = (*AVERAGED, f"defense.adv_pgd.averaging={averaging}")
    killed_in_epoch(2, tmp_path, *overrides)
    states = []
    for folder in (tmp_path, tmp_path / "at one go"):
        plan = tiny_plan(folder, *overrides)
        train_recognizer(plan)
        states.append(load_checkpoint(plan.path, "recognizer")["state"])
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[1])


def cut_short_after_its_last_epoch(plan, monkeypatch):
    """Ends the training while the head is fitted, after that of the recogniser that it starts from."""
    fit, fitted = FitHead.on_fit_end, []

    def interrupted(*arguments):
        fitted.append(arguments)
        if len(fitted) == 2:
            raise RuntimeError("killed")
        fit(*arguments)

    with monkeypatch.context() as patched:
        patched.setattr(FitHead, "on_fit_end", interrupted)
        with pytest.raises(RuntimeError, match="killed"):
            train_recognizer(plan)


@pytest.mark.parametrize(
    "overrides",
    [
        (*AVERAGED, "defense.adv_pgd.averaging=0.9"),
        ("defense=adv_fast", "defense.adv_fast.epochs=4", "defense.adv_fast.schedule=null"),
    ],
    ids=["a mean of weights", "a guard that stopped it"],
)
def test_one_that_was_cut_short_while_its_head_was_fitted_has_come_to_its_end(
    tmp_path, monkeypatch, overrides
):
    """Lightning skips the loop of a training that has all its epochs, and forgets that one was stopped before."""
    monkeypatch.setattr(
        OverfittingGuard,
        "accuracy",
        lambda guard, trainer, module: 0.9 if trainer.current_epoch != 1 else 0.1,
    )
    states = []
    for folder in (tmp_path, tmp_path / "at one go"):
        plan = tiny_plan(folder, *overrides)
        if folder == tmp_path:
            cut_short_after_its_last_epoch(plan, monkeypatch)
        train_recognizer(plan)
        states.append(load_checkpoint(plan.path, "recognizer")["state"])
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[1])


def test_a_guard_and_a_mean_of_weights_are_refused():
    attack = Attack(Everywhere(), Linf(4), PGD(Margin(), 1, 0.5))
    guard = OverfittingGuard(attack, pictures=4, tolerance=0.2, seed=0)
    with pytest.raises(FacetrialError, match="give one of both"):
        AdversarialTraining(attack, 1.0, 0, guard=guard, averaging=0.9)
