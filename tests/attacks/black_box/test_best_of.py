"""The worst of n draws: what is kept, what it costs, and what it is on the command line."""

import pytest
import torch
from hydra import compose, initialize_config_dir
from hydra.utils import instantiate

from facetrial.api import attack
from facetrial.attacks.attack import Attack
from facetrial.attacks.black_box.best_of import BestOf
from facetrial.attacks.black_box.noise import Gaussian, SaltAndPepper, Uniform
from facetrial.attacks.budgets.l0 import L0
from facetrial.attacks.budgets.l2 import RMS
from facetrial.attacks.budgets.linf import Linf
from facetrial.attacks.goals import Impersonation
from facetrial.attacks.gradient.pgd import PGD
from facetrial.core.errors import FacetrialError
from facetrial.core.randomness import Draws, picture_key
from facetrial.regions.regions import Discs, Everywhere
from tests.helpers.faces import some_faces
from tests.helpers.paths import CONF
from tests.helpers.trained import known_pictures, trained_victim


def test_it_keeps_the_worst_of_the_draws_that_the_method_makes():
    images, identities = known_pictures(12, seed=3)
    victim, budget = trained_victim(), RMS(0.002)
    made = Attack(Everywhere(), budget, BestOf(Uniform(), n=5), fast=False)
    attacked, rows = attack(victim, images, identities, made)
    assert rows["correct_attacked"].all()  # so little noise fools nobody: each takes all draws
    assert (rows["queries"] == 5).all()
    assert rows["reached"].all()

    draws = Draws(0, torch.tensor([picture_key(str(i)) for i in range(12)]))
    noise = [2 * draws.restarted(k).uniform(images.shape[1:], "uniform") - 1 for k in range(5)]
    candidates = [budget.fill(images, each)[0] for each in noise]
    own = torch.stack([victim(each).softmax(1).log() for each in candidates])
    margins = own.gather(2, identities.expand(5, 12)[..., None])[..., 0]
    margins = margins - own.scatter(2, identities.expand(5, 12)[..., None], -torch.inf).amax(2)
    worst = margins.argmin(0)
    assert len(worst.unique()) > 1
    assert torch.equal(attacked, torch.stack(candidates)[worst, torch.arange(12)])


@pytest.mark.parametrize(
    "draw", [Gaussian(), Uniform(), SaltAndPepper()], ids=lambda draw: type(draw).__name__
)
def test_one_draw_is_the_draw_itself(draw):
    images, identities = known_pictures(6, seed=3)
    plain, _ = attack(trained_victim(), images, identities, Attack(Everywhere(), RMS(0.1), draw))
    best, _ = attack(trained_victim(), images, identities, Attack(Everywhere(), RMS(0.1), BestOf(draw, 1)))
    assert torch.equal(plain, best)


def test_more_draws_fool_more_and_the_fooled_take_no_more():
    images, identities = known_pictures(60, seed=3)
    left = []
    for n in (1, 20):
        made = Attack(Everywhere(), Linf(60), BestOf(Gaussian(), n), fast=False)
        _, rows = attack(trained_victim(), images, identities, made)
        left.append(rows["correct_attacked"].mean())
    assert left[1] < left[0]
    first = rows[~rows["correct_attacked"]]["queries"]
    assert first.min() == 1 + 2  # the first draw, and its verdict as it is and rounded
    assert first.max() < 20 + 2 * 20


def test_impersonation_is_met_by_chance_more_often():
    images, identities = known_pictures(60, seed=3)
    taken = []
    for n in (1, 20):
        made = Attack(Everywhere(), Linf(90), BestOf(Gaussian(), n), Impersonation("nearest"))
        _, rows = attack(trained_victim(), images, identities, made)
        taken.append((rows["predicted_attacked"] == rows["target"]).mean())
    assert taken[1] > taken[0]


def test_what_the_draw_could_not_reach_is_said():
    faces = some_faces(3, size=20)
    made = Attack(Discs("nose"), RMS(0.9), BestOf(Gaussian(), 3))
    assert not made(trained_victim(), faces, seed=0).reached.any()
    made = Attack(Discs("nose"), RMS(0.02), BestOf(Gaussian(), 3))
    assert made(trained_victim(), faces, seed=0).reached.all()


@pytest.mark.parametrize("batch_size", [1, 7])
def test_a_picture_is_attacked_the_same_in_any_batch(batch_size):
    images, identities = known_pictures(20, seed=3)
    made = Attack(Everywhere(), RMS(0.1), BestOf(SaltAndPepper(), 4))
    whole, _ = attack(trained_victim(), images, identities, made)
    parts, _ = attack(trained_victim(), images, identities, made, batch_size=batch_size)
    assert torch.equal(whole, parts)


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (lambda: BestOf(Gaussian(), 0), "attack.method.n must be a whole number from 1 to 4096"),
        (lambda: BestOf(Gaussian(), 1.5), "attack.method.n must be a whole number"),
        (lambda: BestOf(Gaussian(), 5000), "attack.method.n must be a whole number from 1 to 4096"),
        (lambda: BestOf(Gaussian(), 2, at_once=0), "attack.method.at_once must be a whole number"),
        (lambda: BestOf(PGD(None, 1, 1.0), 2), "attack.method.draw must be a method that draws.*found PGD"),
    ],
)
def test_what_it_cannot_be(made, message):
    with pytest.raises(FacetrialError, match=message):
        made()


def test_a_budget_that_the_draw_has_no_use_for():
    images, identities = known_pictures(2, seed=3)
    with pytest.raises(FacetrialError, match="norm l0 has no noise on every pixel"):
        attack(trained_victim(), images, identities, Attack(Everywhere(), L0(5), BestOf(Gaussian(), 2)))


@pytest.mark.parametrize(
    ("overrides", "draw"),
    [
        (["attack=best_of"], Gaussian),
        (["attack=best_of", "attack/method@attack.method.draw=uniform"], Uniform),
        (
            ["attack=best_of", "attack/method@attack.method.draw=salt_and_pepper", "attack.method.n=3"],
            SaltAndPepper,
        ),
        (["attack=landmarks", "attack/method=best_of", "attack/method@attack.method.draw=uniform"], Uniform),
    ],
)
def test_the_draw_is_chosen_on_the_command_line(overrides, draw):
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = compose("evaluate", overrides)
    method = instantiate(config.attack).method
    assert isinstance(method, BestOf)
    assert type(method.draw) is draw
