"""Carlini and Wagner's attack: more rounds find smaller changes, and its changes are no larger than Foolbox's."""

from facetrial.attacks.budgets.l2 import L2
from facetrial.attacks.minimum_norm.carlini_wagner import CarliniWagner
from tests.helpers.smallest import attacked, of_foolbox


def test_more_rounds_find_smaller_changes(trained):
    victim, images, identities = trained
    once, often = (
        attacked(victim, images, identities, L2(5.0), CarliniWagner(rounds, 40)).smallest for rounds in (1, 5)
    )
    assert (often <= once * 1.001).all()
    assert often.median() < once.median()


def test_its_changes_are_no_larger_than_foolboxs(trained):
    theirs = of_foolbox(
        trained, lambda attacks: attacks.L2CarliniWagnerAttack(binary_search_steps=4, steps=60), L2(5.0)
    )
    assert attacked(*trained, L2(5.0), CarliniWagner(4, 60)).smallest.median() <= 1.02 * theirs
