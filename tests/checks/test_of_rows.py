"""Checks of the rows: what was planted in them is found, and chance alone is not."""

from facetrial.attacks.budgets.linf import Linf
from facetrial.attacks.goals import Impersonation
from facetrial.attacks.minimum_norm.fmn import FMN
from facetrial.checks.of_rows import Adaptive, OneRowAPicture, SurvivesRounding
from facetrial.defenses.bit_depth import BitDepth
from facetrial.defenses.build import defended
from facetrial.defenses.resize_pad import RandomResizePad
from tests.helpers.evidence import attack_of, evidence_of, pgd, replaced, sound


def test_an_attack_that_is_not_adaptive():
    attack = pgd()
    attack.adaptive = False
    found = evidence_of(defended(sound(), [BitDepth(4)]), attack, defenses=["bit_depth"])
    assert not Adaptive()(found).passed
    assert Adaptive()(evidence_of(sound(), attack)).passed is None


class TestRounding:
    def test_successes_that_rounding_undoes(self, healthy):
        rows = healthy.rows.assign(correct_8bit=healthy.rows["correct_clean"])
        outcome = SurvivesRounding()(replaced(healthy, rows))
        assert not outcome.passed
        assert outcome.detail.startswith("0 of")

    def test_changes_below_what_a_file_keeps(self):
        """An attack that stops at the boundary, whose method does not say that it does."""
        method = FMN(40)
        method.at_boundary = True
        found = evidence_of(sound(), attack_of(method, Linf(64)))
        assert SurvivesRounding()(found).passed is None
        method.at_boundary = False
        outcome = SurvivesRounding()(found)
        assert not outcome.passed, outcome

    def test_a_budget_of_no_whole_number_of_steps_is_another_in_a_file(self, healthy):
        rows = healthy.rows.assign(correct_8bit=healthy.rows["correct_clean"])
        found = replaced(healthy, rows)
        found.attack = attack_of(found.attack.method, Linf(8.5))
        outcome = SurvivesRounding()(found)
        assert outcome.passed is None
        assert "of 8.5/255 a file can hold 8/255" in outcome.detail
        found.attack = attack_of(found.attack.method, Linf(0.4))  # of which a file can hold nothing
        assert not SurvivesRounding()(found).passed

    def test_one_of_two_does_not_fail_it(self, healthy):
        rows = healthy.rows.copy()
        fooled = rows.index[rows["correct_clean"] & ~rows["correct_attacked"]]
        rows.loc[fooled[2:], "correct_attacked"] = True
        rows.loc[fooled[:1], "correct_8bit"] = True
        assert SurvivesRounding()(replaced(healthy, rows)).passed

    def test_before_a_victim_that_draws_as_many_must_be_fooled_if_not_the_same(self, healthy):
        rows = healthy.rows.copy()
        fooled = rows.index[rows["correct_clean"] & ~rows["correct_attacked"]]
        half = len(fooled) // 2
        rows.loc[fooled, "correct_attacked"] = [True] * half + [False] * (len(fooled) - half)
        rows.loc[fooled, "correct_8bit"] = [False] * half + [True] * (len(fooled) - half)
        found = replaced(healthy, rows)
        assert not SurvivesRounding()(found).passed
        found.victim = RandomResizePad(0.8, 0, 2).wrap_victim(found.victim)
        assert SurvivesRounding()(found).passed
        rows.loc[fooled[:half], "correct_8bit"] = True
        assert not SurvivesRounding()(found).passed

    def test_impersonation_counts_by_the_target(self):
        attack = pgd(eps=64)
        attack.goal = Impersonation("nearest")
        found = evidence_of(sound(), attack)
        assert SurvivesRounding()(found).passed
        found.rows["predicted_8bit"] = found.rows["identity"]
        assert not SurvivesRounding()(found).passed


class TestRows:
    def test_lost_repeated_and_strange_rows(self, healthy):
        rows = healthy.rows
        strange = rows.assign(file=[*rows["file"][:-1], "else.png"])
        for changed in (rows[1:], rows.iloc[[0, *range(len(rows))]], strange):
            assert not OneRowAPicture()(replaced(healthy, changed)).passed
