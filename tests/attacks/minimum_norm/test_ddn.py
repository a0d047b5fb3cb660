"""DDN: its changes are no larger than Foolbox's at equal steps."""

from facetrial.attacks.budgets.l2 import L2
from facetrial.attacks.losses import CrossEntropy
from facetrial.attacks.minimum_norm.ddn import DDN
from tests.helpers.smallest import attacked, of_foolbox


def test_its_changes_are_no_larger_than_foolboxs(trained):
    theirs = of_foolbox(trained, lambda attacks: attacks.DDNAttack(steps=100), L2(5.0))
    assert attacked(*trained, L2(5.0), DDN(CrossEntropy(), 100)).smallest.median() <= 1.02 * theirs
