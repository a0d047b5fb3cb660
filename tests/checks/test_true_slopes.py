"""Slopes against differences: exact where scores are linear, layer by layer, and left out where nobody asks."""

import pytest
import torch

from facetrial.attacks.black_box.noise import Gaussian
from facetrial.attacks.budgets.l2 import RMS
from facetrial.checks.true_slopes import TrueSlopes, slopes_and_differences
from facetrial.defenses.bit_depth import BitDepth
from facetrial.defenses.build import defended
from facetrial.defenses.resize_pad import RandomResizePad
from tests.helpers.evidence import Rounds, attack_of, behind, evidence_of, pgd, sound
from tests.helpers.victims import Linear, pictures


def test_linear_scores_change_as_their_slopes_say():
    images, identities = pictures(5, 4)
    signs = torch.randn(7, 5, 3, 16, 16, generator=torch.Generator().manual_seed(0)).sign()
    foretold, measured = slopes_and_differences(Linear(), images, identities, signs, 2 / 255)
    assert foretold.shape == (5, 7)
    assert torch.allclose(foretold, measured, rtol=1e-3, atol=1e-3)


def test_every_layer_is_looked_at_until_one_draws():
    outcome = TrueSlopes()(evidence_of(defended(sound(), [BitDepth(5)]), pgd(steps=2)))
    assert outcome.passed
    assert "behind the defence" in outcome.detail
    drawing = defended(sound(), [RandomResizePad(0.8, seed=0, samples=2)])
    outcome = TrueSlopes()(evidence_of(drawing, pgd(steps=2), defenses=["resize_pad"]))
    assert outcome.passed
    assert "behind the network" in outcome.detail


def test_half_of_the_directions_will_do_where_they_leave_no_doubt():
    outcome = TrueSlopes(directions=7)(evidence_of(sound(), pgd(steps=1)))
    assert outcome.passed
    assert "4 directions each" in outcome.detail
    outcome = TrueSlopes(directions=7)(evidence_of(behind(Rounds()), pgd(steps=1)))
    assert not outcome.passed
    assert "7 directions each" in outcome.detail


@pytest.mark.parametrize("attack", [attack_of(Gaussian(), RMS(0.1))])
def test_it_is_left_out_where_no_gradient_is_asked_for(attack):
    assert TrueSlopes()(evidence_of(sound(), attack)).passed is None
