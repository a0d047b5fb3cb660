"""Targets that are sound pass, of whoever was asked; what is planted in them: tests/planted."""

import pytest

from facetrial.attacks.attack import Attack
from facetrial.attacks.budgets.linf import Linf
from facetrial.attacks.goals import Impersonation
from facetrial.attacks.gradient.pgd import PGD
from facetrial.attacks.losses import Margin
from facetrial.checks.controls.targets import Targets
from facetrial.defenses.bit_depth import BitDepth
from facetrial.defenses.build import defended
from facetrial.defenses.resize_pad import RandomResizePad
from facetrial.regions.regions import Everywhere
from tests.helpers.evidence import evidence_of, pgd, sound


def impersonation(victim, target="nearest"):
    attack = Attack(Everywhere(), Linf(8), PGD(Margin(), 2, 0.5), Impersonation(target))
    return evidence_of(victim, attack)


def test_dodging_has_no_targets():
    assert Targets()(evidence_of(sound(), pgd(1))).passed is None


@pytest.mark.parametrize("target", ["nearest", "least_likely", "random", "Person 2", 2])
def test_what_the_goal_says_is_found_behind_a_defence_too(target):
    for victim in (sound(), defended(sound(), [BitDepth(5)])):
        assert Targets()(impersonation(victim, target)).passed


def test_before_a_victim_that_draws_the_nearest_is_not_known():
    victim = defended(sound(), [RandomResizePad(0.9, seed=0, samples=2)])
    assert Targets()(impersonation(victim)).passed is None
    assert Targets()(impersonation(victim, "Person 1")).passed
