"""A search against noise: when it applies; broken ones are planted in tests/planted."""

from dataclasses import replace

from facetrial.attacks.attack import Attack
from facetrial.attacks.black_box.noise import Gaussian
from facetrial.attacks.black_box.square import Square
from facetrial.attacks.budgets.l2 import RMS
from facetrial.attacks.budgets.linf import Linf
from facetrial.attacks.goals import Impersonation
from facetrial.attacks.gradient.pgd import PGD
from facetrial.attacks.losses import Margin
from facetrial.checks.controls.check import BetterThanNoise
from facetrial.defenses.bit_depth import BitDepth
from facetrial.defenses.build import defended
from facetrial.defenses.resize_pad import RandomResizePad
from facetrial.regions.regions import Everywhere
from tests.helpers.evidence import attack_of, evidence_of, faces, pgd, sound


def test_a_sound_search_passes():
    outcome = BetterThanNoise()(evidence_of(sound(), attack_of(Square(Margin(), 60), Linf(16))))
    assert outcome.passed
    assert "the worst of" in outcome.detail


def test_an_impersonation_by_scores_is_attacked_again():
    attack = Attack(Everywhere(), Linf(24), Square(Margin(), 60), Impersonation("nearest"))
    outcome = BetterThanNoise()(evidence_of(sound(), attack))
    assert outcome.passed
    assert "8 of 8 pictures" in outcome.detail


def test_where_it_does_not_apply_it_says_why():
    square = attack_of(Square(Margin(), 20), Linf(16))
    naive = Attack(Everywhere(), Linf(16), PGD(Margin(), 2, 0.5), adaptive=False)
    few = evidence_of(sound(), square, faces(6))
    for evidence, why in (
        (evidence_of(sound(), attack_of(Gaussian(), RMS(0.1))), "asks nobody"),
        (evidence_of(defended(sound(), [BitDepth(4)]), naive), "knows nothing"),
        (evidence_of(defended(sound(), [RandomResizePad(0.9, seed=0, samples=2)]), square), "draws"),
        (few, "too few"),
        (
            replace(
                evidence_of(sound(), pgd()),
                attack=Attack(Everywhere(), Linf(16), pgd().method, Impersonation()),
            ),
            "reference",
        ),
    ):
        outcome = BetterThanNoise()(evidence)
        assert outcome.passed is None
        assert why in outcome.detail
