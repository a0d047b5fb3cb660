"""Bisection over the size of a change, by any iterative attack."""

from facetrial.attacks.budgets.l2 import L2
from facetrial.attacks.budgets.linf import Linf
from facetrial.attacks.gradient.pgd import PGD
from facetrial.attacks.losses import Margin
from facetrial.attacks.minimum_norm.bisection import Bisection
from facetrial.attacks.minimum_norm.fmn import FMN
from tests.helpers.smallest import attacked


def test_it_ends_between_a_size_that_fooled_and_one_that_did_not(trained):
    victim, images, identities = trained
    rough = attacked(victim, images, identities, Linf(64), Bisection(PGD(Margin(), 10, 0.25), precision=1.5))
    fine = attacked(victim, images, identities, Linf(64), Bisection(PGD(Margin(), 10, 0.25), precision=1.02))
    assert (fine.smallest <= rough.smallest * (1 + 1e-6)).all()
    assert (rough.steps <= fine.steps).all()
    assert rough.steps.sum() < 0.8 * fine.steps.sum()
    wide = attacked(victim, images, identities, Linf(64), Bisection(PGD(Margin(), 10, 0.25), first=1.0))
    assert 0.95 < wide.smallest.median() / fine.smallest.median() < 1.05


def test_it_is_as_good_as_fmn(trained):
    victim, images, identities = trained
    for budget in (Linf(64), L2(5.0)):
        ours = attacked(victim, images, identities, budget, Bisection(PGD(Margin(), 10, 0.25))).smallest
        assert (
            ours.median() <= 1.02 * attacked(victim, images, identities, budget, FMN(100)).smallest.median()
        )
