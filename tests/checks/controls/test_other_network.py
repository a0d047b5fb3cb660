"""A surrogate is another network than the victim; the victim in its place is planted in tests/planted."""

import torch

from facetrial.attacks.attack import Attack
from facetrial.attacks.budgets.linf import Linf
from facetrial.attacks.gradient.pgd import PGD
from facetrial.attacks.losses import Margin
from facetrial.attacks.surrogate import Surrogate
from facetrial.checks.controls.other_network import SurrogateApart
from facetrial.recognition.victim import Victim
from facetrial.regions.regions import Everywhere
from tests.helpers.evidence import NAMES, evidence_of, pgd, sound
from tests.helpers.victims import trained


def transferred(surrogate):
    attack = Attack(Everywhere(), Linf(8), PGD(Margin(), 1, 1.0, early_stop=False), surrogate=surrogate)
    return evidence_of(sound(), attack)


def test_an_attack_on_the_victim_has_no_surrogate():
    assert SurrogateApart()(evidence_of(sound(), pgd(1))).passed is None


def test_another_network_of_the_same_people_passes():
    outcome = SurrogateApart()(transferred(Surrogate(trained(hardened=True))))
    assert outcome.passed
    assert "agree by a cosine of 0." in outcome.detail


def test_they_are_compared_where_the_surrogate_sees_another_crop():
    found = transferred(Surrogate(sound()))
    same = torch.eye(2, 3).numpy()
    found.attack.surrogate = Surrogate(sound(), dict.fromkeys(found.faces.pictures.tolist(), same), 16)
    assert SurrogateApart()(found).passed is False


def test_where_the_victim_shows_no_slope_scores_are_compared_alone():
    answers = Victim(lambda images: trained()(images.detach()), lambda scores: scores, NAMES).freeze()
    found = transferred(Surrogate(trained(hardened=True)))
    found.victim = answers
    outcome = SurrogateApart()(found)
    assert outcome.passed
    assert "cosine" not in outcome.detail
