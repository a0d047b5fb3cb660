"""The universal perturbation: it fools pictures that it was not fitted on, within region and budget."""

import pytest
import torch

from facetrial.attacks.attack import Attack
from facetrial.attacks.black_box.noise import Gaussian, Uniform
from facetrial.attacks.budgets.l0 import L0
from facetrial.attacks.budgets.l1 import L1
from facetrial.attacks.budgets.linf import Linf
from facetrial.attacks.fitted.universal import Universal
from facetrial.attacks.goals import Dodging, Impersonation
from facetrial.attacks.losses import Margin
from facetrial.attacks.referee import referee
from facetrial.core.errors import FacetrialError
from facetrial.regions.regions import Discs, Everywhere
from tests.helpers.fitted import BUDGETS, NUMBERS, halves, share_fooled, universal
from tests.helpers.victims import SIZE, Linear, known_faces, trained


@pytest.mark.parametrize("goal", [Dodging(), Impersonation(2)], ids=lambda goal: goal.name)
@pytest.mark.parametrize("budget", BUDGETS)
@pytest.mark.parametrize("per", ["person", "all"])
def test_other_pictures_fool_the_victim_too_as_noise_on_them_does_not(per, budget, goal):
    known, others = halves()
    attack = Attack(Everywhere(), BUDGETS[budget], universal(per), goal)
    attack.fit(trained(), known, seed=0)
    attacked = attack(trained(), others, seed=0)
    referee(others.images, attacked.images, attacked.region, budget, attack.budget.limit, NUMBERS)
    noise = Attack(Everywhere(), BUDGETS[budget], Gaussian() if budget == "rms" else Uniform(), goal)
    assert share_fooled(noise(trained(), others, seed=0), others) <= 0.05
    assert share_fooled(attacked, others) > 0.5
    assert len(attack.method.fitted["patterns"]) == (6 if per == "person" else 1)


@pytest.mark.parametrize("budget", BUDGETS)
@pytest.mark.parametrize("softness", [0.0, 0.5])
def test_it_stays_in_each_pictures_own_region(budget, softness):
    known, others = halves()
    attack = Attack(Discs("nose", 0.5, softness), BUDGETS[budget], universal())
    attack.fit(trained(), known, seed=0)
    attacked = attack(trained(), others, seed=0)
    referee(others.images, attacked.images, attacked.region, budget, attack.budget.limit, NUMBERS)
    changed = (attacked.images != others.images).any(1)
    assert len(attacked.region.flatten(1).unique(dim=0)) > 1
    assert changed.flatten(1).any(1).all()
    assert attacked.reached.all()


def test_pictures_of_a_person_share_their_pattern_and_those_of_others_have_another():
    known, others = halves()
    others = others.with_images(torch.full_like(others.images, 0.5))
    attack = Attack(Everywhere(), Linf(32), universal())
    attack.fit(trained(), known, seed=0)
    change = attack(trained(), others, seed=0).images - 0.5
    assert torch.equal(change[0], change[6])
    assert not torch.equal(change[0], change[1])


def test_against_a_linear_victim_it_is_the_best_there_is():
    # Of two people, person 0 is taken for person 1 best by eps along the sign of the difference of weights.
    victim = Linear(people=2)
    faces = known_faces(16)
    faces.identities = torch.zeros(16, dtype=torch.int64)
    attack = Attack(Everywhere(), Linf(4), Universal(Margin(), "all", 5, 0.5))
    attack.fit(victim, faces, seed=0)
    best = Linf(4).limit * (victim.weight[1] - victim.weight[0]).sign().unflatten(0, (3, SIZE, SIZE))
    torch.testing.assert_close(attack.method.fitted["patterns"][0], best)


def test_pictures_of_another_size():
    faces = known_faces(6)
    attack = Attack(Everywhere(), Linf(8), universal(epochs=1))
    attack.fit(trained(), faces, seed=0)
    with pytest.raises(FacetrialError, match=r"20x16 pixels.*16x16"):
        attack(trained(), faces.with_images(torch.zeros(6, 3, 20, 16)), seed=0)


@pytest.mark.parametrize("budget", [L0(5), L1(5.0)])
def test_a_budget_without_a_ball(budget):
    with pytest.raises(FacetrialError, match=f"norm {budget.norm} has no"):
        Attack(Everywhere(), budget, universal()).fit(trained(), known_faces(6), seed=0)


@pytest.mark.parametrize(
    ("key", "value"),
    [("per", "group"), ("epochs", 0), ("epochs", 1.5), ("step", 0.0), ("momentum", 1.0), ("batch", 0)],
)
def test_settings(key, value):
    settings = {"loss": Margin(), "per": "all", "epochs": 2, "step": 0.1} | {key: value}
    with pytest.raises(FacetrialError, match=rf"attack\.method\.{key}"):
        Universal(**settings)
