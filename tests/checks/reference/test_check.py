"""What the second attack says of trials: sound ones, broken ones (tests/planted), and those weak on purpose."""

import re
import time

import pytest
from torch import nn

from facetrial.attacks.attack import Attack
from facetrial.attacks.black_box.few_pixels import FewPixels
from facetrial.attacks.black_box.noise import Gaussian
from facetrial.attacks.black_box.square import Square
from facetrial.attacks.budgets.l0 import L0
from facetrial.attacks.budgets.l2 import L2, RMS
from facetrial.attacks.budgets.linf import Linf
from facetrial.attacks.fitted.universal import Universal
from facetrial.attacks.gradient.apgd import APGD
from facetrial.attacks.gradient.pgd import PGD
from facetrial.attacks.losses import Margin
from facetrial.attacks.minimum_norm.fmn import FMN
from facetrial.attacks.surrogate import Surrogate
from facetrial.checks.reference.check import ReferenceAttack, weak_on_purpose
from facetrial.defenses.bit_depth import BitDepth
from facetrial.defenses.build import defended
from facetrial.recognition.victim import Victim
from facetrial.regions.regions import Everywhere
from tests.helpers.evidence import NAMES, attack_of, evidence_of, pgd, rows_of, sound
from tests.helpers.victims import trained


def of(attack, victim=None):
    victim = victim or sound()
    found = evidence_of(victim, pgd(steps=1))
    found.attack = attack
    return found


@pytest.mark.parametrize(
    ("attack", "model"),
    [
        (attack_of(Gaussian(), RMS(0.2)), "noise"),
        (attack_of(PGD(Margin(), 1, 1.0), Linf(8)), "one step"),
        (attack_of(Square(Margin(), 50), Linf(8)), "black box"),
        (attack_of(FewPixels(Margin(), 20, 3), L0(3)), "few pixels"),
        (attack_of(Universal(Margin(), "all", 1, 0.25), Linf(8)), "universal"),
        (Attack(Everywhere(), Linf(8), PGD(Margin(), 9, 0.1), surrogate=Surrogate(sound())), "transfer"),
    ],
)
def test_threat_models_that_are_weak_on_purpose_are_named_and_not_failed(attack, model):
    found = of(attack)
    assert weak_on_purpose(found).startswith(model)
    outcome = ReferenceAttack()(found)
    if outcome.passed is not None:
        assert outcome.passed
        assert outcome.detail.startswith(f"weak on purpose ({model}")


def test_naive_is_who_knows_no_defence_that_is_there():
    naive = pgd()
    naive.adaptive = False
    assert weak_on_purpose(of(naive)) is None
    assert weak_on_purpose(of(naive, defended(sound(), [BitDepth(4)]))).startswith("naive")


@pytest.mark.parametrize(
    "attack", [pgd(), attack_of(APGD(Margin(), 20), Linf(16)), attack_of(FMN(40), Linf(14))]
)
def test_a_full_strength_attack_passes(attack):
    found = evidence_of(sound(), attack)
    assert weak_on_purpose(found) is None
    assert ReferenceAttack()(found).passed


@pytest.mark.parametrize("budget", [Linf(20), L2(1.2)], ids=lambda budget: budget.norm)
def test_what_withstands_because_it_is_robust_withstands_squares_too(budget):
    hardened = Victim(trained(6, hardened=True), nn.Identity(), NAMES).freeze()
    outcome = ReferenceAttack()(evidence_of(hardened, attack_of(PGD(Margin(), 20, 0.25), budget)))
    assert outcome.passed
    assert "200 squares by scores on each of 6 pictures" in outcome.detail


def test_it_is_left_out_where_no_picture_is_at_stake():
    found = of(pgd())
    found.rows = rows_of(found.victim, pgd(), found.faces).assign(correct_clean=False)
    assert ReferenceAttack()(found).passed is None


def test_it_is_left_out_where_too_few_withstood_for_it_to_matter():
    found = evidence_of(sound(), pgd(eps=32))
    assert found.rows["correct_attacked"].sum() < 5
    outcome = ReferenceAttack()(found)
    assert outcome.passed is None
    assert "too few" in outcome.detail


def test_squares_are_for_full_strength_attacks():
    assert "squares" in ReferenceAttack()(evidence_of(sound(), pgd(eps=8))).detail
    assert "squares" not in ReferenceAttack()(of(attack_of(PGD(Margin(), 1, 1.0), Linf(8)))).detail


class Slow(Victim):
    """Takes 10 ms a picture."""

    def forward(self, images):
        time.sleep(0.01 * len(images))
        return super().forward(images)


@pytest.mark.parametrize(("seconds", "trial_took"), [(1.0, 0.0), (0.1, 4.0)])
def test_all_of_it_keeps_to_its_time_and_says_what_it_did_not_reach(seconds, trial_took):
    """Even where those that were brought down must be asked too: 12 robust, 12 fooled, each step on all 0.12 s."""
    slow = Slow(sound().embedder, sound().head, sound().names).freeze()
    found = evidence_of(sound(), pgd(eps=16))
    found.victim, found.seconds = slow, trial_took
    rows = found.rows
    rows["correct_attacked"] = rows.index % 2 == 0
    begun = time.monotonic()
    outcome = ReferenceAttack(seconds=seconds)(found)
    assert time.monotonic() - begun < 2.0
    assert "that it may take" in outcome.detail
    assert re.search(r"for \d+ more the time did not do", outcome.detail)
