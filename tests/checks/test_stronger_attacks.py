"""Checks of the attack: each passes a sound trial, fails a planted fault, and is left out where it does not apply."""

import pytest
import torch

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
from facetrial.attacks.losses import CrossEntropy, DifferenceOfLogitsRatio, Margin
from facetrial.attacks.minimum_norm.bisection import Bisection
from facetrial.attacks.minimum_norm.carlini_wagner import CarliniWagner
from facetrial.attacks.minimum_norm.fmn import FMN
from facetrial.attacks.sequence import OneAfterAnother
from facetrial.attacks.surrogate import Surrogate
from facetrial.checks.deterministic import Deterministic
from facetrial.checks.of_budget import Reached, Referee
from facetrial.checks.of_rows import Adaptive, OneRowAPicture, Slopes, SurvivesRounding
from facetrial.checks.rerun import compared
from facetrial.checks.stronger_attacks import BlackBoxNotBetter, MoreStepsDoNotHelp, UnboundedReachesZero
from facetrial.defenses.bit_depth import BitDepth
from facetrial.defenses.build import defended
from facetrial.defenses.resize_pad import RandomResizePad
from facetrial.regions.regions import Everywhere
from tests.helpers.evidence import Rounds, attack_of, behind, evidence_of, faces, pgd, sound

UNBOUNDED = UnboundedReachesZero(PGD(Margin(), 40, 0.02, random_start=False))
BLACK_BOX = BlackBoxNotBetter(Square(Margin(), queries=200))
THOROUGH = [UNBOUNDED, BLACK_BOX, MoreStepsDoNotHelp()]
CHECKS = [OneRowAPicture(), Referee(), Reached(), Deterministic(), SurvivesRounding(), *THOROUGH]


@pytest.fixture(scope="module")
def masked():
    """A victim that rounds, attacked by who does not know that it does."""
    return evidence_of(behind(Rounds()), pgd(random_start=False, eps=48))


@pytest.mark.parametrize("check", [*CHECKS, Slopes()])
def test_a_sound_trial_passes(healthy, check):
    assert 0 < healthy.rows["correct_attacked"].sum() < 24
    outcome = check(healthy)
    assert outcome.passed, outcome


@pytest.mark.parametrize(
    "attack",
    [
        attack_of(APGD(DifferenceOfLogitsRatio(), 20), Linf(16)),
        attack_of(PGD(CrossEntropy(), 20, 0.25), L2(0.5)),
        attack_of(FMN(30), Linf(32)),
        attack_of(Bisection(APGD(Margin(), 10), 6), Linf(32)),
        attack_of(CarliniWagner(3, 30), L2(2)),
        attack_of(Square(Margin(), 100), Linf(16)),
        attack_of(FewPixels(Margin(), 20, 3), L0(3)),
        attack_of(Gaussian(), RMS(0.2)),
    ],
    ids=lambda attack: type(attack.method).__name__,
)
def test_no_false_alarm(attack):
    found = evidence_of(sound(), attack)
    outcomes = [check(found) for check in [*CHECKS, Slopes()]]
    assert all(outcome.passed is not False for outcome in outcomes), outcomes


@pytest.mark.parametrize("check", [Slopes(), UNBOUNDED, BLACK_BOX], ids=lambda check: type(check).__name__)
def test_vanishing_gradients_are_found(masked, check):
    outcome = check(masked)
    assert not outcome.passed, outcome
    assert outcome.remedy


def test_a_defence_without_a_slope_that_says_so_is_attacked_through_it():
    victim = defended(sound(), [BitDepth(4)])
    found = evidence_of(victim, pgd(), defenses=["bit_depth"])
    assert all(check(found).passed for check in [Slopes(), *THOROUGH, Adaptive()])


class TestMoreSteps:
    def test_an_attack_with_too_few_steps(self):
        found = evidence_of(sound(), pgd(steps=1, random_start=False, eps=24))
        found.attack.method.step = 0.3
        found.rows = evidence_of(sound(), found.attack).rows
        outcome = MoreStepsDoNotHelp(factor=4)(found)
        assert not outcome.passed, outcome
        assert "attack.method.steps" in outcome.remedy

    @pytest.mark.parametrize("who", ["draws", "surrogate"])
    @pytest.mark.parametrize(("steps", "passes"), [(1, False), (20, True)])
    def test_of_victims_that_draw_and_of_surrogates(self, who, steps, passes):
        surrogate = Surrogate(sound()) if who == "surrogate" else None
        victim = defended(sound(), [RandomResizePad(0.9, seed=0, samples=2)]) if who == "draws" else sound()
        method = PGD(Margin(), steps, 0.3 if steps == 1 else 0.25, random_start=False)
        attack = Attack(Everywhere(), Linf(16), method, surrogate=surrogate)
        outcome = MoreStepsDoNotHelp(factor=8)(evidence_of(victim, attack))
        assert outcome.passed is passes, outcome

    def test_a_lucky_draw_fails_nothing(self):
        victim = defended(sound(), [RandomResizePad(0.9, seed=0, samples=2)])
        found = evidence_of(victim, pgd())
        found.rows["correct_attacked"] = found.rows["correct_clean"]  # luck: all withstood
        assert compared(found, found.attack, 32, 0.05).fails
        assert MoreStepsDoNotHelp()(found).passed

    @pytest.mark.parametrize(
        ("method", "steps"),
        [
            (PGD(Margin(), 7, 0.25), lambda m: m.steps),
            (APGD(Margin(), 7), lambda m: m.steps),
            (FMN(7), lambda m: m.steps),
            (Bisection(APGD(Margin(), 7)), lambda m: m.method.steps),
            (OneAfterAnother({"a": Square(Margin(), 9), "b": FMN(7)}), lambda m: m.methods["b"].steps),
            (CarliniWagner(1, 7), lambda m: m.steps_a_round),
        ],
        ids=lambda value: type(value).__name__,
    )
    def test_methods_of_steps_have_a_longer_form(self, method, steps):
        assert steps(method.longer(3)) == 21
        assert steps(method) == 7

    def test_the_longer_form_is_the_method_made_so(self):
        longer, made = APGD(Margin(), 10).longer(3), APGD(Margin(), 30)
        test = faces(6)
        batch = test.batch(range(6))
        pictures = [attack_of(method, Linf(4))(sound(), batch, 0).images for method in (longer, made)]
        assert torch.equal(*pictures)

    def test_others_have_none(self):
        assert Square(Margin(), 9).longer(2) is None
        assert OneAfterAnother({"a": Square(Margin(), 9)}).longer(2) is None


class TestLeftOut:
    @pytest.mark.parametrize("check", [*THOROUGH, Slopes()], ids=lambda check: type(check).__name__)
    def test_of_attacks_without_a_gradient(self, check):
        assert check(evidence_of(sound(), attack_of(Gaussian(), RMS(0.1)))).passed is None

    @pytest.mark.parametrize("check", THOROUGH, ids=lambda check: type(check).__name__)
    def test_of_attacks_that_were_fitted(self, check):
        attack = attack_of(Universal(Margin(), "all", 1, 0.25), Linf(16))
        attack.fit(sound(), faces(12, seed=1), 0)
        assert check(evidence_of(sound(), attack)).passed is None

    def test_a_search_by_scores_before_victims_that_draw(self):
        victim = defended(sound(), [RandomResizePad(0.8, seed=0, samples=2)])
        assert BLACK_BOX(evidence_of(victim, pgd(steps=2), defenses=["resize_pad"])).passed is None

    def test_a_victim_that_draws_is_fooled_by_an_unbounded_attack_all_the_same(self):
        victim = defended(sound(), [RandomResizePad(0.8, seed=0, samples=4)])
        assert UNBOUNDED(evidence_of(victim, pgd(steps=2), defenses=["resize_pad"])).passed
