"""Both halves together: at the goal in every norm, what slopes miss is found by squares, and what was done is said."""

import pytest

from facetrial.attacks.attack import Attack
from facetrial.attacks.budgets.l1 import L1
from facetrial.attacks.budgets.l2 import L2, RMS
from facetrial.attacks.budgets.linf import Linf
from facetrial.attacks.goals import Dodging, Impersonation
from facetrial.attacks.gradient.pgd import PGD
from facetrial.attacks.losses import Margin
from facetrial.checks.reference.attack import Reference
from facetrial.defenses.build import defended
from facetrial.defenses.resize_pad import RandomResizePad
from facetrial.regions.regions import Everywhere
from tests.helpers.evidence import Rounds, behind, faces, pgd, sound

BUDGETS = [Linf(8), Linf(24), L2(0.4), RMS(0.02), L1(6.0)]


@pytest.mark.parametrize("goal", [Dodging(), Impersonation()], ids=lambda goal: goal.name)
@pytest.mark.parametrize("budget", BUDGETS, ids=lambda budget: f"{budget.norm}-{budget.limit:.3g}")
def test_it_keeps_to_the_budget_and_does_as_much_as_pgd(budget, goal):
    batch, victim = faces().batch(range(24)), sound()
    trial = Attack(Everywhere(), budget, PGD(Margin(), 20, 0.25), goal)
    found = Reference(trial, 20, 0)(victim, batch, 0, 99.0)
    change = found.images - batch.images
    assert float(budget.measure(change).max()) <= budget.limit * (1 + 1e-4)
    assert found.images.min() >= 0
    assert found.images.max() <= 1
    attacked = trial(victim, batch, 0)
    winners = victim(attacked.images).argmax(1)
    hit = winners != batch.identities if goal.name == "dodging" else winners == attacked.targets
    assert int(found.fooled.sum()) >= int(hit.sum()) - 1
    assert found.tried.all()


def test_squares_find_what_has_no_slope():
    batch, victim = faces().batch(range(12)), behind(Rounds())
    slopes = Reference(pgd(eps=32), 5, 0)(victim, batch, 0, 99.0)
    both = Reference(pgd(eps=32), 5, 200)(victim, batch, 0, 99.0)
    assert slopes.by_squares == 0
    assert both.by_squares >= 5  # of six that are painted
    assert int(both.fooled.sum()) == both.by_squares + int(slopes.fooled.sum())


@pytest.mark.parametrize(
    ("attack", "victim"),
    [
        (Attack(Everywhere(), L1(0.5), PGD(Margin(), 1, 1.0)), sound()),
        (pgd(eps=1), defended(sound(), [RandomResizePad(0.8, seed=0, samples=2)])),
    ],
    ids=["l1", "draws"],
)
def test_squares_are_left_out(attack, victim):
    found = Reference(attack, 2, 50)(victim, faces().batch(range(6)), 0, 99.0)
    assert found.effort == "up to 3 starts of 2 steps along slopes"


def test_what_was_done_is_said():
    batch = faces().batch(range(8))
    whole = Reference(pgd(eps=1), 4, 5)(sound(), batch, 0, 99.0)
    assert (
        whole.effort
        == "up to 3 starts of 4 steps along slopes, then 5 squares by scores on each of 6 pictures"
    )
    cut = Reference(pgd(eps=1), 4, 5)(sound(), batch, 0, 0.0)
    assert cut.effort == (
        "0 of 12 steps along slopes, then 0 of 5 squares by scores on each of 6 pictures, in the 0 s that it may take"
    )
    assert not cut.fooled.any()
    fallen = Reference(pgd(eps=128), 4, 5)(sound(), batch, 0, 99.0)
    assert fallen.fooled.all()
    assert "may take" not in fallen.effort
