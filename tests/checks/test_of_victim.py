"""Checks of the victim: each passes a sound one, and fails a fault that was planted."""

import pytest
from torch import Tensor, nn
from torch.nn import functional as F

from facetrial.attacks.black_box.noise import Gaussian
from facetrial.attacks.budgets.l2 import RMS
from facetrial.checks.of_input import PictureRange, StandardisedOnce
from facetrial.checks.of_victim import Recognises, SameAlone, VictimFrozen
from facetrial.defenses.build import defended
from facetrial.defenses.resize_pad import RandomResizePad
from facetrial.recognition.victim import Victim
from tests.helpers.evidence import NAMES, attack_of, behind, evidence, evidence_of, faces, sound
from tests.helpers.victims import trained

ALL = [SameAlone, VictimFrozen, PictureRange, Recognises, StandardisedOnce]


class Drops(nn.Module):
    """Dropout as it draws when it is called as a function and nothing is said of training."""

    def forward(self, images: Tensor) -> Tensor:
        return F.dropout(images, 0.2)


class Mistaken(nn.Module):
    """A head that takes everybody for the next."""

    def forward(self, scores: Tensor) -> Tensor:
        return scores.roll(1, dims=1)


@pytest.mark.parametrize("check", ALL)
def test_a_sound_victim_passes(check):
    outcome = check()(evidence(sound()))
    assert outcome.passed, outcome
    assert outcome.remedy is None


@pytest.mark.parametrize("check", ALL)
def test_a_victim_that_draws_by_picture_passes(check):
    victim = defended(sound(), [RandomResizePad(0.8, seed=0, samples=2)])
    outcome = check()(evidence(victim, defenses=["resize_pad"]))
    assert outcome.passed, outcome


class TestFrozen:
    def test_a_layer_in_train_mode(self):
        victim = Victim(trained(6), nn.Dropout(0.0), NAMES).freeze()
        found = evidence(victim)
        victim.head.train()
        outcome = VictimFrozen()(found)
        assert not outcome.passed
        assert "1 layers in train mode" in outcome.detail
        assert "head" in outcome.detail

    def test_a_parameter_that_takes_a_gradient(self):
        victim = Victim(nn.Sequential(trained(6), nn.Linear(6, 6)), nn.Identity(), NAMES).eval()
        outcome = VictimFrozen()(evidence(victim))
        assert not outcome.passed
        assert "2 parameters take gradients" in outcome.detail


class TestAlone:
    def test_dropout_that_draws_in_eval_mode(self):
        outcome = SameAlone()(evidence(behind(Drops())))
        assert not outcome.passed
        assert "asked again" in outcome.detail
        assert "F.dropout" in outcome.remedy

    def test_batch_norm_that_goes_by_the_batch_in_eval_mode(self):
        outcome = SameAlone()(evidence(behind(nn.BatchNorm2d(3, track_running_stats=False))))
        assert not outcome.passed
        assert outcome.detail.startswith("alone")

    def test_batch_norm_that_cannot_do_without_a_batch(self):
        network = nn.Sequential(trained(6), nn.BatchNorm1d(6, track_running_stats=False))
        outcome = SameAlone()(evidence(Victim(network, nn.Identity(), NAMES).freeze()))
        assert not outcome.passed
        assert "cannot be shown alone" in outcome.detail


class TestRecognises:
    def test_a_recogniser_that_takes_everybody_for_somebody_else(self):
        outcome = Recognises()(evidence(Victim(trained(6), Mistaken(), NAMES).freeze()))
        assert not outcome.passed
        assert outcome.detail == "0% of 24 clean pictures are recognised; chance is 16.7%"

    def test_a_few_pictures_do_not_fail_it_by_chance(self):
        found = evidence(Victim(trained(6), Mistaken(), NAMES).freeze(), test=faces(3))
        assert Recognises()(found).passed

    def test_it_says_that_nobody_knows_what_code_trained_it(self):
        said = "the checkpoint does not tell which code trained it"
        outcome = Recognises()(evidence(sound(), code_known=False))
        assert outcome.passed
        assert said in outcome.detail
        assert said not in Recognises()(evidence(sound())).detail

    def test_it_looks_behind_the_defences(self):
        victim = defended(sound(), [RandomResizePad(0.01, seed=0, samples=1)])
        assert Recognises()(evidence(victim, defenses=["resize_pad"])).passed


def test_a_drawn_attack_can_be_checked_too():
    found = evidence_of(sound(), attack_of(Gaussian(), RMS(0.1)))
    assert all(check()(found).passed for check in ALL)
