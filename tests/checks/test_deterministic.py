"""The same attack again: draws are the same to the bit, verdicts but for a rounding."""

import torch
from torch import Tensor, nn

from facetrial.attacks.black_box.noise import Gaussian
from facetrial.attacks.budgets.l2 import RMS
from facetrial.attacks.budgets.linf import Linf
from facetrial.attacks.minimum_norm.fmn import FMN
from facetrial.checks.deterministic import Deterministic
from facetrial.defenses.build import defended
from facetrial.defenses.resize_pad import RandomResizePad
from tests.helpers.evidence import attack_of, behind, evidence_of, pgd, replaced, rows_of, sound


class TestDeterministic:
    def test_another_answer_each_time(self, healthy):
        changed = healthy.rows.assign(correct_attacked=~healthy.rows["correct_attacked"])
        outcome = Deterministic()(replaced(healthy, changed))
        assert not outcome.passed
        assert outcome.detail.startswith("8 pictures attacked again: 0 verdicts the same")

    def test_one_verdict_in_eight_may_round_otherwise(self, healthy):
        file = healthy.faces.files[healthy.some(2)[0]]
        rows = healthy.rows.copy()
        rows.loc[rows["file"] == file, "correct_attacked"] ^= True
        outcome = Deterministic()(replaced(healthy, rows))
        assert outcome.passed
        assert "7 verdicts the same" in outcome.detail

    def test_draws_must_be_the_same_to_the_bit(self):
        found = evidence_of(sound(), attack_of(Gaussian(), RMS(0.1)))
        assert Deterministic()(found).passed
        found.seed = 1
        assert not Deterministic()(found).passed

    def test_other_pixels_of_the_same_norm_are_not_the_same(self):
        found = evidence_of(sound(), attack_of(Gaussian(), RMS(0.1)))
        moved = found.rows.assign(
            picture_digest=rows_of(sound(), found.attack, found.faces, seed=1)["picture_digest"]
        )
        outcome = Deterministic()(replaced(found, moved))
        assert not outcome.passed
        assert "0 the same to the bit" in outcome.detail

    def test_a_victim_that_draws_anew(self):
        class Noise(nn.Module):
            def forward(self, images: Tensor) -> Tensor:
                return (images + 0.1 * torch.randn_like(images)).clamp(0, 1)

        victim = defended(behind(Noise()), [RandomResizePad(0.8, seed=0, samples=2)])
        assert not Deterministic()(evidence_of(victim, pgd(steps=1))).passed
        victim = defended(sound(), [RandomResizePad(0.8, seed=0, samples=2)])
        assert Deterministic()(evidence_of(victim, pgd(steps=1))).passed


def test_margins_beside_the_boundary_tell_nothing_of_rounding():
    """A smallest change leaves every margin beside 0, so that another picture's may seem nearer."""
    found = evidence_of(sound(), attack_of(FMN(20), Linf(64)))
    rows = found.rows.assign(margin_8bit=found.rows["margin_attacked"])
    assert Deterministic()(replaced(found, rows)).passed
