"""Norms in the rows: within the budget in every norm, and of the size that the attack says."""

from dataclasses import replace

import pytest

from facetrial.attacks.black_box.best_of import BestOf
from facetrial.attacks.black_box.noise import Gaussian, SaltAndPepper, Uniform
from facetrial.attacks.budgets.area import Area
from facetrial.attacks.budgets.l0 import L0
from facetrial.attacks.budgets.l1 import L1
from facetrial.attacks.budgets.l2 import L2, RMS
from facetrial.attacks.budgets.linf import Linf
from facetrial.attacks.fitted.universal import Universal
from facetrial.attacks.gradient.apgd import APGD
from facetrial.attacks.losses import CrossEntropy, Margin
from facetrial.attacks.minimum_norm.bisection import Bisection
from facetrial.attacks.minimum_norm.carlini_wagner import CarliniWagner
from facetrial.attacks.minimum_norm.ddn import DDN
from facetrial.attacks.minimum_norm.fmn import FMN
from facetrial.checks.of_budget import Reached, Referee, SmallestChanges
from tests.helpers.evidence import attack_of, evidence_of, faces, pgd, replaced, sound

FILLED = [
    (Gaussian(), RMS(0.1)),
    (Gaussian(), L2(2.0)),
    (Uniform(), Linf(8)),
    (Gaussian(), L1(20.0)),
    (SaltAndPepper(), L0(9)),
    (SaltAndPepper(), Area(0.05)),
    (SaltAndPepper(), L2(2.0)),
    (BestOf(Gaussian(), 3), RMS(0.1)),
]


@pytest.fixture(scope="module", params=FILLED, ids=lambda pair: f"{type(pair[0]).__name__}-{pair[1].norm}")
def filled(request):
    return evidence_of(sound(), attack_of(*request.param))


def test_every_norm_is_measured(filled):
    assert Referee()(filled).passed
    filled = replace(filled, attack=attack_of(filled.attack.method, _halved(filled.attack.budget)))
    assert not Referee()(filled).passed


def _halved(budget):
    key = {"l0": "pixels"}.get(budget.norm, budget.norm if budget.norm in ("rms", "area") else "eps")
    return type(budget)(**{key: getattr(budget, key) // 2 if key == "pixels" else getattr(budget, key) / 2})


@pytest.mark.parametrize(("target", "passes"), [("own.Linf", True), ("facetrial.attacks.Linf", False)])
def test_settings_of_a_budget_of_somebodys_own_are_not_taken_for_ours(healthy, target, passes):
    settings = {"_target_": target, "eps": healthy.attack.budget.limit}  # where ours count 1/255
    assert Referee()(replace(healthy, budget_settings=settings)).passed is passes


def test_a_norm_that_is_no_number(healthy):
    rows = healthy.rows.copy()
    rows.loc[3, "linf"] = float("nan")
    outcome = Referee()(replaced(healthy, rows))
    assert not outcome.passed
    assert rows["file"][3] in outcome.detail


class TestReached:
    def test_what_fills_the_budget_is_known_by_its_norm(self, filled):
        outcome = Reached()(filled)
        assert outcome.passed, outcome
        assert outcome.detail.startswith("24 of 24")

    def test_a_claim_without_a_change_of_that_size(self, filled):
        norm = filled.attack.budget.norm
        column = "pixels_changed" if norm in ("l0", "area") else norm
        rows = filled.rows.copy()
        rows[column] = rows[column].astype(float)
        rows.loc[3, column] *= 0.99
        outcome = Reached()(replaced(filled, rows))
        assert not outcome.passed
        assert outcome.detail.startswith("1 of 24 changes are said to reach")
        assert rows["file"][3] in outcome.detail

    def test_a_change_of_that_size_without_the_claim(self, filled):
        rows = filled.rows.copy()
        rows.loc[5, "reached"] = False
        assert not Reached()(replaced(filled, rows)).passed

    def test_where_there_was_no_room_both_say_so(self):
        found = evidence_of(sound(), attack_of(Gaussian(), L2(14.5)))
        assert 0 < found.rows["reached"].sum() < 24
        assert Reached()(found).passed

    @pytest.mark.parametrize("attack", [pgd(), attack_of(FMN(20), Linf(64))], ids=["pgd", "fmn"])
    def test_who_searches_may_end_anywhere_within(self, attack):
        found = evidence_of(sound(), attack)
        assert Reached()(found).passed
        assert not Reached()(
            replaced(found, found.rows.assign(reached=False, linf=attack.budget.limit))
        ).passed

    def test_who_was_fitted_may_too(self):
        attack = attack_of(Universal(Margin(), "all", 1, 0.25), Linf(8))
        attack.fit(sound(), faces(12, seed=1), 0)
        assert Reached()(evidence_of(sound(), attack)).passed

    def test_it_is_left_out_where_nothing_was_attacked(self, healthy):
        assert Reached()(replaced(healthy, healthy.rows.assign(status="not_attackable"))).passed is None


SEARCHES = [
    (FMN(20), Linf(64)),
    (FMN(20), L2(5.0)),
    (FMN(20), L1(60.0)),
    (DDN(CrossEntropy(), 20), L2(5.0)),
    (CarliniWagner(2, 15), L2(5.0)),
    (Bisection(APGD(Margin(), 8), 4), Linf(8)),
]


class TestSmallestChanges:
    @pytest.mark.parametrize(("method", "budget"), SEARCHES, ids=lambda part: type(part).__name__)
    def test_every_search_tells_what_its_pictures_show(self, method, budget):
        outcome = SmallestChanges()(evidence_of(sound(), attack_of(method, budget)))
        assert outcome.passed, outcome

    @pytest.fixture
    def found(self):
        return evidence_of(sound(), attack_of(FMN(20), Linf(64)))

    def test_a_quarter_of_the_size_is_found(self, found):
        """The curve and its median would be a quarter of the truth, beside figures that are right."""
        outcome = SmallestChanges()(replaced(found, found.rows.assign(smallest=found.rows["smallest"] / 4)))
        assert not outcome.passed
        assert "MethodResult.smallest" in outcome.remedy

    def test_fooled_and_no_change_told(self, found):
        outcome = SmallestChanges()(replaced(found, found.rows.assign(smallest=float("inf"))))
        assert not outcome.passed
        assert "meet the goal with none told" in outcome.detail

    def test_one_on_the_very_boundary_is_no_fault(self, found):
        rows = found.rows.copy()
        rows.loc[3, "smallest"] = float("inf")
        assert SmallestChanges()(replaced(found, rows)).passed

    def test_it_is_left_out_where_nobody_looks_for_it(self, healthy):
        assert SmallestChanges()(healthy).passed is None
