"""Checks of the attack: each passes a sound trial, fails a planted fault, and is left out where it does not apply."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from facetrial.attacks.black_box.few_pixels import FewPixels
from facetrial.attacks.black_box.noise import Gaussian
from facetrial.attacks.black_box.square import Square
from facetrial.attacks.budgets.l0 import L0
from facetrial.attacks.budgets.l2 import L2, RMS
from facetrial.attacks.budgets.linf import Linf
from facetrial.attacks.fitted.universal import Universal
from facetrial.attacks.goals import Impersonation
from facetrial.attacks.gradient.apgd import APGD
from facetrial.attacks.gradient.pgd import PGD
from facetrial.attacks.losses import CrossEntropy, DifferenceOfLogitsRatio, Margin
from facetrial.attacks.minimum_norm.bisection import Bisection
from facetrial.attacks.minimum_norm.carlini_wagner import CarliniWagner
from facetrial.attacks.minimum_norm.fmn import FMN
from facetrial.attacks.sequence import OneAfterAnother
from facetrial.checks.deterministic import Deterministic
from facetrial.checks.of_rows import Adaptive, OneRowAPicture, Referee, Slopes, SurvivesRounding
from facetrial.checks.rerun import compare
from facetrial.checks.stronger_attacks import BlackBoxNotBetter, MoreStepsDoNotHelp, UnboundedReachesZero
from facetrial.defenses.bit_depth import BitDepth
from facetrial.defenses.build import defended
from facetrial.defenses.resize_pad import RandomResizePad
from tests.helpers.evidence import Rounds, attack_of, behind, evidence_of, faces, pgd, sound

UNBOUNDED = UnboundedReachesZero(PGD(Margin(), 40, 0.02, random_start=False))
BLACK_BOX = BlackBoxNotBetter(Square(Margin(), queries=200))
THOROUGH = [UNBOUNDED, BLACK_BOX, MoreStepsDoNotHelp()]
CHECKS = [OneRowAPicture(), Referee(), Deterministic(), SurvivesRounding(), *THOROUGH]


@pytest.fixture(scope="module")
def healthy():
    return evidence_of(sound(), pgd())


@pytest.fixture(scope="module")
def masked():
    """A victim that rounds, attacked by who does not know that it does."""
    return evidence_of(behind(Rounds()), pgd(random_start=False, eps=48))


@pytest.mark.parametrize("check", [*CHECKS, Slopes()])
def test_a_sound_trial_passes(healthy, check):
    assert 0 < healthy.rows["correct_attacked"].sum() < 24
    outcome = check(healthy)
    assert outcome["passed"], outcome


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
    assert all(outcome is None or outcome["passed"] for outcome in outcomes), outcomes


@pytest.mark.parametrize("check", [Slopes(), UNBOUNDED, BLACK_BOX], ids=lambda check: type(check).__name__)
def test_vanishing_gradients_are_found(masked, check):
    outcome = check(masked)
    assert not outcome["passed"], outcome
    assert outcome["remedy"]


def test_a_defence_without_a_slope_that_says_so_is_attacked_through_it():
    victim = defended(sound(), [BitDepth(4)])
    found = evidence_of(victim, pgd(), defenses=["bit_depth"])
    assert all(check(found)["passed"] for check in [Slopes(), *THOROUGH, Adaptive()])


def test_an_attack_that_knows_nothing_of_the_defence():
    attack = pgd()
    attack.adaptive = False
    found = evidence_of(defended(sound(), [BitDepth(4)]), attack, defenses=["bit_depth"])
    assert not Adaptive()(found)["passed"]
    assert Adaptive()(evidence_of(sound(), attack)) is None


class TestMoreSteps:
    def test_an_attack_with_too_few_steps(self):
        found = evidence_of(sound(), pgd(steps=1, random_start=False, eps=24))
        found.attack.method.step = 0.3
        found.rows = evidence_of(sound(), found.attack).rows
        outcome = MoreStepsDoNotHelp(factor=4)(found)
        assert not outcome["passed"], outcome
        assert "attack.method.steps" in outcome["remedy"]

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


class TestComparison:
    """Chance alone must not fail it, and a real difference must."""

    def test_the_fallen_are_asked_only_where_it_matters(self):
        asked = []

        def second(rows: np.ndarray) -> np.ndarray:
            asked.extend(rows.tolist())
            return np.isin(rows, [20])

        found = compare(np.arange(24) < 20, second, 0.05)
        assert asked == [20, 21, 22, 23]
        assert (found.brought_down, found.spared, found.fails) == (1, 0, False)

    def test_a_second_attack_that_spares_as_many_does_not_fail_it(self):
        first = np.arange(24) < 10
        found = compare(first, lambda rows: ~first[rows] & (rows % 2 == 0), 0.05)
        assert (found.brought_down, found.spared, found.fails) == (7, 10, False)

    def test_a_stronger_one_does(self):
        assert compare(np.arange(24) < 10, lambda rows: np.ones(len(rows), dtype=bool), 0.05).fails

    def test_false_alarms_by_chance_are_rarer_than_one_in_twenty(self):
        generator = np.random.default_rng(0)
        alarms = 0
        for _ in range(400):
            outcomes = generator.random((2, 24)) < 0.5  # as strong as each other
            alarms += compare(outcomes[0], lambda rows, second=outcomes[1]: second[rows], 0.0).fails
        assert alarms / 400 <= 0.05


class TestRounding:
    def test_successes_that_rounding_undoes(self, healthy):
        rows = healthy.rows.assign(correct_8bit=healthy.rows["correct_clean"])
        outcome = SurvivesRounding()(replaced(healthy, rows))
        assert not outcome["passed"]
        assert outcome["detail"].startswith("0 of")

    def test_changes_below_what_a_file_keeps(self):
        """An attack that stops at the boundary, whose method does not say that it does."""
        method = FMN(40)
        method.at_boundary = True
        found = evidence_of(sound(), attack_of(method, Linf(64)))
        assert SurvivesRounding()(found) is None
        method.at_boundary = False
        outcome = SurvivesRounding()(found)
        assert not outcome["passed"], outcome

    def test_one_of_two_does_not_fail_it(self, healthy):
        rows = healthy.rows.copy()
        fooled = rows.index[rows["correct_clean"] & ~rows["correct_attacked"]]
        rows.loc[fooled[2:], "correct_attacked"] = True
        rows.loc[fooled[:1], "correct_8bit"] = True
        assert SurvivesRounding()(replaced(healthy, rows))["passed"]

    def test_before_a_victim_that_draws_as_many_must_fall_if_not_the_same(self, healthy):
        rows = healthy.rows.copy()
        fooled = rows.index[rows["correct_clean"] & ~rows["correct_attacked"]]
        half = len(fooled) // 2
        rows.loc[fooled, "correct_attacked"] = [True] * half + [False] * (len(fooled) - half)
        rows.loc[fooled, "correct_8bit"] = [False] * half + [True] * (len(fooled) - half)
        found = replaced(healthy, rows)
        assert not SurvivesRounding()(found)["passed"]
        found.victim = RandomResizePad(0.8, 0, 2).wrap_victim(found.victim)
        assert SurvivesRounding()(found)["passed"]
        rows.loc[fooled[:half], "correct_8bit"] = True
        assert not SurvivesRounding()(found)["passed"]

    def test_impersonation_counts_by_the_target(self):
        attack = pgd(eps=64)
        attack.goal = Impersonation("nearest")
        found = evidence_of(sound(), attack)
        assert SurvivesRounding()(found)["passed"]
        found.rows["predicted_8bit"] = found.rows["identity"]
        assert not SurvivesRounding()(found)["passed"]


class TestDeterministic:
    def test_another_answer_each_time(self, healthy):
        changed = healthy.rows.assign(correct_attacked=~healthy.rows["correct_attacked"])
        outcome = Deterministic()(replaced(healthy, changed))
        assert not outcome["passed"]
        assert outcome["detail"].startswith("8 pictures attacked again: 0 verdicts the same")

    def test_one_verdict_in_eight_may_round_otherwise(self, healthy):
        file = healthy.faces.files[healthy.some(2)[0]]
        rows = healthy.rows.copy()
        rows.loc[rows["file"] == file, "correct_attacked"] ^= True
        outcome = Deterministic()(replaced(healthy, rows))
        assert outcome["passed"]
        assert "7 verdicts the same" in outcome["detail"]

    def test_draws_must_be_the_same_to_the_bit(self):
        found = evidence_of(sound(), attack_of(Gaussian(), RMS(0.1)))
        assert Deterministic()(found)["passed"]
        found.seed = 1
        assert not Deterministic()(found)["passed"]

    def test_a_victim_that_draws_anew(self):
        class Noise(nn.Module):
            def forward(self, images: Tensor) -> Tensor:
                return (images + 0.1 * torch.randn_like(images)).clamp(0, 1)

        victim = defended(behind(Noise()), [RandomResizePad(0.8, seed=0, samples=2)])
        assert not Deterministic()(evidence_of(victim, pgd(steps=1)))["passed"]
        victim = defended(sound(), [RandomResizePad(0.8, seed=0, samples=2)])
        assert Deterministic()(evidence_of(victim, pgd(steps=1)))["passed"]


class TestRows:
    def test_lost_repeated_and_strange_rows(self, healthy):
        rows = healthy.rows
        strange = rows.assign(file=[*rows["file"][:-1], "else.png"])
        for changed in (rows[1:], rows.iloc[[0, *range(len(rows))]], strange):
            assert not OneRowAPicture()(replaced(healthy, changed))["passed"]

    def test_a_norm_beyond_the_budget(self, healthy):
        for broken in (17 / 255, float("nan")):
            rows = healthy.rows.copy()
            rows.loc[3, "linf"] = broken
            outcome = Referee()(replaced(healthy, rows))
            assert not outcome["passed"]
            assert rows["file"][3] in outcome["detail"]


def replaced(evidence, rows):
    return replace(evidence, rows=rows)


class TestLeftOut:
    @pytest.mark.parametrize("check", [*THOROUGH, Slopes()], ids=lambda check: type(check).__name__)
    def test_of_attacks_without_a_gradient(self, check):
        assert check(evidence_of(sound(), attack_of(Gaussian(), RMS(0.1)))) is None

    @pytest.mark.parametrize("check", THOROUGH, ids=lambda check: type(check).__name__)
    def test_of_attacks_that_were_fitted(self, check):
        attack = attack_of(Universal(Margin(), "all", 1, 0.25), Linf(16))
        attack.fit(sound(), faces(12, seed=1), 0)
        assert check(evidence_of(sound(), attack)) is None

    @pytest.mark.parametrize(
        "check", [BLACK_BOX, MoreStepsDoNotHelp()], ids=lambda check: type(check).__name__
    )
    def test_before_victims_that_draw(self, check):
        victim = defended(sound(), [RandomResizePad(0.8, seed=0, samples=2)])
        assert check(evidence_of(victim, pgd(steps=2), defenses=["resize_pad"])) is None

    def test_a_victim_that_draws_falls_to_an_unbounded_attack_all_the_same(self):
        victim = defended(sound(), [RandomResizePad(0.8, seed=0, samples=4)])
        assert UNBOUNDED(evidence_of(victim, pgd(steps=2), defenses=["resize_pad"]))["passed"]
