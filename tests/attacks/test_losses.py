"""Losses rise towards the goal and have their papers' values."""

import pytest
import torch
from torch.nn import functional as F

from facetrial.attacks.goals import Aim
from facetrial.attacks.losses import CrossEntropy, DifferenceOfLogitsRatio, Margin

SCORES = torch.tensor([[3.0, 2.5, 1.0, -1.0, 0.0], [0.0, 5.0, 4.0, 1.0, 2.0]])
OWN, TARGET = torch.tensor([0, 2]), torch.tensor([3, 0])
DODGING, IMPERSONATION = Aim(OWN), Aim(OWN, TARGET)


def test_cross_entropy():
    expected = F.cross_entropy(SCORES, OWN, reduction="none")
    torch.testing.assert_close(CrossEntropy()(SCORES, DODGING), expected)
    expected = -F.cross_entropy(SCORES, TARGET, reduction="none")
    torch.testing.assert_close(CrossEntropy()(SCORES, IMPERSONATION), expected)


def test_margin():
    assert Margin()(SCORES, DODGING).tolist() == [-0.5, 1.0]
    assert Margin()(SCORES, IMPERSONATION).tolist() == [-4.0, -5.0]


def test_difference_of_logits_ratio():
    loss = DifferenceOfLogitsRatio()
    # Dodging: -(own - best other) / (1st - 3rd); targeted: -(own - target) / (1st - (3rd + 4th) / 2).
    torch.testing.assert_close(loss(SCORES, DODGING), torch.tensor([-0.5 / 2.0, 1.0 / 3.0]))
    torch.testing.assert_close(loss(SCORES, IMPERSONATION), torch.tensor([-4.0 / 2.5, -4.0 / 3.5]))


@pytest.mark.parametrize("aim", [DODGING, IMPERSONATION], ids=["dodging", "impersonation"])
def test_the_ratio_does_not_change_with_the_scale_of_the_scores(aim):
    loss = DifferenceOfLogitsRatio()
    torch.testing.assert_close(loss(1000 * SCORES - 7, aim), loss(SCORES, aim))


@pytest.mark.parametrize(("people", "aim"), [(2, Aim(OWN % 2)), (3, Aim(OWN % 2, 1 - OWN % 2))])
def test_with_few_people_the_ratio_is_the_margin(people, aim):
    scores = SCORES[:, :people]
    assert torch.equal(DifferenceOfLogitsRatio()(scores, aim), Margin()(scores, aim))


@pytest.mark.parametrize("loss", [CrossEntropy(), Margin(), DifferenceOfLogitsRatio()])
@pytest.mark.parametrize("aim", [DODGING, IMPERSONATION], ids=["dodging", "impersonation"])
def test_a_loss_rises_with_what_is_wanted(loss, aim):
    scores = SCORES.double().requires_grad_(True)
    (slope,) = torch.autograd.grad(loss(scores, aim).sum(), scores)
    if aim.targets is None:
        assert (slope.gather(1, OWN[:, None]) < 0).all()
    else:
        assert (slope.gather(1, TARGET[:, None]) > 0).all()
