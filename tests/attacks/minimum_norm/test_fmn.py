"""FMN: its working set changes nothing, and its changes are no larger than Foolbox's."""

import pytest
import torch

from facetrial.attacks.budgets.l1 import L1
from facetrial.attacks.budgets.l2 import L2
from facetrial.attacks.budgets.linf import Linf
from facetrial.attacks.minimum_norm.fmn import FMN
from tests.helpers.smallest import attacked, of_foolbox


@pytest.mark.parametrize("at_once", [1, 5])
def test_a_small_working_set_finds_the_same(trained, at_once):
    victim, images, identities = trained
    few = attacked(victim, images[:10], identities[:10], L2(5.0), FMN(20, at_once=at_once)).smallest
    many = attacked(victim, images[:10], identities[:10], L2(5.0), FMN(20)).smallest
    torch.testing.assert_close(few, many, rtol=5e-3, atol=0)


@pytest.mark.parametrize(
    ("budget", "name"), [(Linf(64), "LInfFMNAttack"), (L2(5.0), "L2FMNAttack"), (L1(40.0), "L1FMNAttack")]
)
def test_its_changes_are_no_larger_than_foolboxs(trained, budget, name):
    theirs = of_foolbox(trained, lambda attacks: getattr(attacks, name)(steps=100), budget)
    assert attacked(*trained, budget, FMN(100)).smallest.median() <= 1.02 * theirs
