"""Training against attacks that ask the recogniser: it is the one in training, and comes back as it was."""

import pytest
import torch

from facetrial.attacks.budgets import Linf
from facetrial.attacks.engine import Attack
from facetrial.attacks.losses import Cosine, Margin
from facetrial.attacks.methods.method import Found
from facetrial.attacks.methods.pgd import PGD
from facetrial.attacks.objective import scores_of
from facetrial.checkpoints import load_checkpoint
from facetrial.data.adversarial import AdversarialFaces, Schedule
from facetrial.errors import FacetrialError
from facetrial.landmarks.regions import Everywhere
from facetrial.recognition.obtain import checkpoint_path
from facetrial.recognition.recognizer import Recognizer
from facetrial.recognition.training import train_recognizer
from tests.recognition.tiny import ColouredPeople, Epochs, tiny_config

COUNTED = "+callbacks.epochs._target_=tests.recognition.tiny.Epochs"


def data_and_module(attack=None, **settings):
    torch.manual_seed(0)
    faces = ColouredPeople(batch_size=8)
    faces.setup()
    attack = attack or Attack(Everywhere(), Linf(16), PGD(Margin(), 4, 0.5, leave=False))
    data = AdversarialFaces(faces, attack, **({"fraction": 1.0, "seed": 0} | settings))
    from facetrial.recognition.losses import MarginSoftmax
    from facetrial.recognition.small import SmallEmbedder
    from facetrial.recognition.svm_head import SVMHead

    embedder = SmallEmbedder(size=32, dimension=8, channels=4)
    module = Recognizer(embedder, SVMHead(), MarginSoftmax(8, 3), torch.optim.Adam, ("",), 1)
    return data, module.train()


def of_training(data, module, epoch=0):
    """What training in `epoch` is given of the first batch."""

    class Trainer:
        training, current_epoch, lightning_module = True, epoch, module

    data.trainer = Trainer()
    batch = next(iter(data.faces.loader(data.train_faces)))
    return batch, data.on_after_batch_transfer(batch, 0)


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
    fall = [scores_of(victim, b.images).softmax(1).gather(1, own).mean() for b in (batch, mixed)]
    assert fall[1] < fall[0]
    assert (mixed.images - batch.images).abs().max() <= 16 / 255 + 1e-6


def test_against_the_embedding_each_picture_is_moved_from_its_own():
    attack = Attack(Everywhere(), Linf(16), PGD(Cosine(), 4, 0.5, leave=False))
    data, module = data_and_module(attack, against_embedding=True)
    batch, mixed = of_training(data, module)
    assert torch.equal(mixed.identities, batch.identities)
    module.eval()
    noise = batch.images + (16 / 255) * torch.randn_like(batch.images).sign()
    clean, moved, noisy = (module(images) for images in (batch.images, mixed.images, noise.clamp(0, 1)))
    assert ((clean * moved).sum(1) < (clean * noisy).sum(1)).all()
    alone = batch.select(torch.tensor([0]))
    assert not torch.equal(data.mixed(alone, 1, module.as_victim(data.names)).images, alone.images)


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
            return Found(**(vars(found) | {"images": (problem.images + 0.5).clamp(0, 1)}))

    data, module = data_and_module(Attack(Everywhere(), Linf(4), Cheat(Margin(), 1, 0.5)))
    with pytest.raises(FacetrialError, match=r"broke its own rules.*\d/\d"):
        of_training(data, module)


@pytest.mark.parametrize("setting", [{"begin": -1}, {"grow": 1.5}])
def test_a_senseless_schedule_is_refused(setting):
    with pytest.raises(FacetrialError, match=r"defense\.adv\.schedule"):
        data_and_module(schedule=Schedule(**setting))


@pytest.mark.parametrize("defense", ["adv_pgd", "trades", "consistent", "adv_head", "adv_fast"])
def test_every_variant_trains(tmp_path, defense):
    config = tiny_config(
        tmp_path, f"defense={defense}", f"defense.{defense}.epochs=1", "trainer.max_epochs=1"
    )
    metrics = train_recognizer(config)
    assert metrics["test/head_accuracy"] > 0
    made_by = load_checkpoint(checkpoint_path(config), "recognizer")["config"]
    assert list(made_by["defense"]) == [defense]


def test_a_patch_is_fitted_before_it_is_trained_against_and_kept_when_training_is_cut_short(tmp_path):
    overrides = ("defense=adv", "attack@defense.adv.attack=universal", "defense.adv.attack.method.epochs=1")
    config = tiny_config(tmp_path, *overrides, "trainer.max_epochs=1")
    assert train_recognizer(config)["test/head_accuracy"] > 0


def test_a_defence_may_train_where_the_rest_does_not(tmp_path):
    config = tiny_config(
        tmp_path, "defense=adv_pgd", "defense.adv_pgd.epochs=2", "trainer.max_epochs=0", COUNTED
    )
    train_recognizer(config)
    assert Epochs.trained == (0, 1)
    assert checkpoint_path(config).is_file()


def test_with_zero_epochs_the_head_alone_is_hardened(tmp_path):
    clean, hardened = (
        tiny_config(tmp_path, f"defense={defense}", "trainer.max_epochs=0")
        for defense in ("none", "adv_head")
    )
    states = []
    for config in (clean, hardened):
        train_recognizer(config)
        states.append(load_checkpoint(checkpoint_path(config), "recognizer")["state"])
    assert all(torch.equal(states[0][n], states[1][n]) for n in states[0] if n.startswith("embedder."))
    assert not torch.equal(states[0]["head.weight"], states[1]["head.weight"])


def test_a_loss_that_is_not_finite_stops_and_says_where_the_last_epoch_lies(tmp_path):
    config = tiny_config(tmp_path, "model.optimizer.lr=1e30", "trainer.max_epochs=3")
    with pytest.raises(FacetrialError, match=r"(loss became|no longer finite).*epoch.*model\.optimizer\.lr"):
        train_recognizer(config)
    assert not checkpoint_path(config).exists()
