"""Sound searches by scores pass at any budget; what squares have no part in is left out."""

import pytest

from facetrial.attacks.black_box.hop_skip_jump import HopSkipJump
from facetrial.attacks.black_box.square import Square
from facetrial.attacks.budgets.l2 import L2
from facetrial.attacks.budgets.linf import Linf
from facetrial.attacks.losses import Margin
from facetrial.checks.controls.squares import SquaresNoBetter
from tests.helpers.evidence import attack_of, evidence_of, pgd, sound


@pytest.mark.parametrize("eps", [16, 22, 26, 32])
def test_a_sound_search_is_not_failed(eps):
    outcome = SquaresNoBetter()(evidence_of(sound(), attack_of(Square(Margin(), 120), Linf(eps))))
    assert outcome.passed is not False, outcome


@pytest.mark.parametrize(
    "attack",
    [
        pgd(),
        attack_of(Square(Margin(), 40), Linf(8)),
        attack_of(Square(Margin(), 120), L2(1.0)),
        attack_of(HopSkipJump(200), Linf(64)),
    ],
    ids=["gradients", "few questions", "another norm", "decisions"],
)
def test_others_are_left_out(attack):
    assert SquaresNoBetter()(evidence_of(sound(), attack)).passed is None
