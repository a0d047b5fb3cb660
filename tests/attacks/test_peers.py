"""Against public implementations: the same victim, pictures, budget and steps leave no more than a point more."""

from statistics import mean

import pytest
import torch
from torch import nn

from facetrial.attacks.attack import Attack
from facetrial.attacks.budgets.linf import Linf
from facetrial.attacks.gradient.apgd import APGD, TargetedAPGD
from facetrial.attacks.gradient.pgd import PGD
from facetrial.attacks.losses import CrossEntropy, DifferenceOfLogitsRatio
from facetrial.attacks.sequence import OneAfterAnother
from facetrial.regions.regions import Everywhere
from tests.helpers.victims import known_faces, pictures, trained

torchattacks = pytest.importorskip("torchattacks")
foolbox = pytest.importorskip("foolbox")

COUNT, STEPS = 300, 20
SEEDS = range(4)  # where an attack starts moves what it leaves by a point or two
EPS = {"undefended": 15.0, "hardened": 21.0}  # at which each is left about half its pictures


@pytest.fixture(scope="module", params=list(EPS))
def victim(request) -> nn.Module:
    return trained(hardened=request.param == "hardened")


@pytest.fixture(scope="module")
def eps(victim) -> float:
    return EPS["hardened" if victim is trained(hardened=True) else "undefended"]


@pytest.fixture(scope="module")
def faces():
    return known_faces(COUNT)


def left(victim, faces, images) -> float:
    with torch.no_grad():
        return (victim(images).argmax(1) == faces.identities).float().mean().item()


def ours(victim, faces, eps, method, seeds=SEEDS, fast=False) -> float:
    attack = Attack(Everywhere(), Linf(eps), method, fast=fast)
    return mean(left(victim, faces, attack(victim, faces, seed=seed).images) for seed in seeds)


def theirs(victim, faces, attack) -> float:
    found = []
    for seed in SEEDS:
        torch.manual_seed(seed)
        found.append(left(victim, faces, attack(faces.images, faces.identities)))
    assert 0.2 <= mean(found) <= 0.8
    return mean(found)


def test_pgd(victim, faces, eps):
    model = foolbox.PyTorchModel(victim, bounds=(0, 1), device="cpu")
    linf_pgd = foolbox.attacks.LinfPGD(rel_stepsize=0.25, steps=STEPS)
    peers = [
        torchattacks.PGD(victim, eps / 255, 0.25 * eps / 255, STEPS),
        lambda images, identities: linf_pgd(model, images, identities, epsilons=eps / 255)[1],
    ]
    expected = min(theirs(victim, faces, peer) for peer in peers)
    assert ours(victim, faces, eps, PGD(CrossEntropy(), STEPS, 0.25)) <= expected + 0.01


@pytest.mark.parametrize("loss", [CrossEntropy(), DifferenceOfLogitsRatio()], ids=["ce", "dlr"])
def test_apgd(victim, faces, eps, loss):
    name = {CrossEntropy: "ce", DifferenceOfLogitsRatio: "dlr"}[type(loss)]

    def peer(images, identities):
        seed = torch.initial_seed()
        attack = torchattacks.APGD(victim, eps=eps / 255, steps=STEPS, n_restarts=1, loss=name, seed=seed)
        return attack(images, identities)

    assert ours(victim, faces, eps, APGD(loss, STEPS)) <= theirs(victim, faces, peer) + 0.01


@pytest.mark.parametrize(
    "method", [PGD(CrossEntropy(), STEPS, 0.25), APGD(CrossEntropy(), STEPS)], ids=["pgd", "apgd"]
)
def test_going_by_a_faster_copy_costs_less_than_a_point(victim, faces, eps, method):
    assert ours(victim, faces, eps, method, fast=True) <= ours(victim, faces, eps, method) + 0.01


def test_auto_leaves_no_more_than_pgd_of_100_steps_and_5_starts(victim, faces, eps):
    faces = faces.select(torch.arange(120))
    auto = OneAfterAnother(
        {
            "apgd": APGD(CrossEntropy(), 100),
            "targeted": TargetedAPGD(DifferenceOfLogitsRatio(), 100, targets=5),
        }
    )
    pgd = PGD(CrossEntropy(), 100, 0.1, restarts=5)
    assert ours(victim, faces, eps, auto, seeds=(0,)) <= ours(victim, faces, eps, pgd, seeds=(0,))


def test_the_victims_know_who_is_who(victim):
    images, identities = pictures(COUNT, seed=5)
    assert (victim(images).argmax(1) == identities).float().mean() > 0.97
