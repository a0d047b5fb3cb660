"""The reference attack: within its budget and region in every norm, at the goal, and about as strong as PGD."""

import pytest
import torch

from facetrial.attacks.attack import Attack
from facetrial.attacks.budgets.l1 import L1
from facetrial.attacks.budgets.l2 import L2, RMS
from facetrial.attacks.budgets.linf import Linf
from facetrial.attacks.goals import Dodging, Impersonation
from facetrial.attacks.gradient.pgd import PGD
from facetrial.attacks.losses import Margin
from facetrial.checks.reference import Reference, beyond, within_l1
from facetrial.regions.regions import Everywhere
from tests.helpers.evidence import faces, sound

BUDGETS = [Linf(8), Linf(24), L2(0.4), RMS(0.02), L1(6.0)]


@pytest.mark.parametrize("goal", [Dodging(), Impersonation()], ids=lambda goal: goal.name)
@pytest.mark.parametrize("budget", BUDGETS, ids=lambda budget: f"{budget.norm}-{budget.limit:.3g}")
def test_it_keeps_to_the_budget_and_does_as_much_as_pgd(budget, goal):
    batch, victim = faces().batch(range(24)), sound()
    trial = Attack(Everywhere(), budget, PGD(Margin(), 20, 0.25), goal)
    reference = Reference(trial, 20)
    found = reference(victim, batch, 0)
    change = found.images - batch.images
    assert float(budget.measure(change).max()) <= budget.limit * (1 + 1e-4)
    assert found.images.min() >= 0
    assert found.images.max() <= 1

    def hit(attacked):
        winners = victim(attacked.images).argmax(1)
        return int(
            (winners != batch.identities if goal.name == "dodging" else winners == attacked.targets).sum()
        )

    assert hit(found) >= hit(trial(victim, batch, 0)) - 1


def test_it_changes_nothing_outside_the_region():
    class Corner(Everywhere):
        def __call__(self, landmarks, height, width, draws):
            mask = super().__call__(landmarks, height, width, draws)
            mask[..., 4:, :] = 0
            return mask

    batch = faces().batch(range(6))
    for budget in BUDGETS:
        found = Reference(Attack(Corner(), budget, PGD(Margin(), 1, 1.0)), 5)(sound(), batch, 0)
        assert torch.equal(found.images[..., 4:, :], batch.images[..., 4:, :])


def test_it_stops_when_its_time_is_over():
    trial = Attack(Everywhere(), Linf(0.5), PGD(Margin(), 1, 1.0))
    reference = Reference(trial, 500, seconds=0.0)
    reference(sound(), faces().batch(range(4)), 0)
    assert reference.steps_taken <= 11


def test_how_far_scores_are_beyond_the_goal():
    scores = torch.tensor([[3.0, 1.0, 2.0], [0.0, 4.0, 9.0]])
    own = torch.tensor([0, 1])
    assert beyond(scores, own, None, 0).tolist() == [-1.0, 5.0]
    assert beyond(scores, own, torch.tensor([1, 2]), 0).tolist() == [-2.0, 5.0]
    assert beyond(scores, own, None, 1).tolist() == [-2.0, -9.0]  # the last column is an abstention


def test_the_nearest_change_of_a_norm_in_l1():
    change = torch.tensor([3.0, -1.0, 0.0, 0.5]).reshape(1, 1, 2, 2)
    assert within_l1(change, 2.0).flatten().tolist() == [2.0, 0.0, 0.0, 0.0]
    assert within_l1(change, 3.0).flatten().tolist() == pytest.approx([2.5, -0.5, 0.0, 0.0])
    assert torch.equal(within_l1(change, 4.5), change)
