"""Pairs' verdicts turn, by every loss, whatever the other columns of the scores say."""

import pytest
import torch
from hydra.utils import instantiate
from torch import nn
from torch.nn import functional as F

from facetrial.attacks.attack import Attack
from facetrial.attacks.budgets.linf import Linf
from facetrial.attacks.gradient.apgd import TargetedAPGD
from facetrial.attacks.gradient.pgd import PGD
from facetrial.attacks.losses import Cosine, CrossEntropy, DifferenceOfLogitsRatio, Margin
from facetrial.attacks.minimum_norm.fmn import FMN
from facetrial.attacks.pairs import PairCriterion, PairHead, TurnVerdicts
from facetrial.core.errors import FacetrialError
from facetrial.defenses.bit_depth import BitDepth
from facetrial.defenses.build import defended
from facetrial.recognition.embedders.flip_averaged import Mirrored
from facetrial.recognition.victim import Victim
from facetrial.regions.regions import Everywhere
from tests.helpers.configs import composed
from tests.helpers.faces import some_faces

SAME = torch.tensor([True, False, True, False, True, False])


class Projected(nn.Module):
    """Unit-norm embeddings (B, 8) by a fixed linear map."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(3 * 24 * 24, 8)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return F.normalize(self.linear((images - 0.5).flatten(1)))


@pytest.fixture
def faces():
    return some_faces(6, size=24, people=6)


@pytest.fixture
def victim(faces) -> Victim:
    """Every pair is told rightly, by a little."""
    embedder = Projected()
    others = F.normalize(torch.randn(6, 8))
    with torch.no_grad():
        similarities = (embedder(faces.images) * others).sum(1)
    thresholds = similarities + torch.where(SAME, -0.02, 0.02)
    return Victim(embedder, PairHead(others, thresholds), [str(i) for i in range(6)]).freeze()


def right(victim, images) -> list[bool]:
    return ((victim(images).diagonal() >= 0) == SAME).tolist()


@pytest.mark.parametrize("loss", [Margin(), CrossEntropy(), DifferenceOfLogitsRatio(), Cosine()])
def test_every_loss_turns_both_kinds_of_verdict(victim, faces, loss):
    assert all(right(victim, faces.images))
    attack = Attack(Everywhere(), Linf(eps=4), PGD(loss, steps=10, step=0.25), goal=TurnVerdicts(SAME))
    attacked = attack(victim, faces, seed=0)
    assert not any(right(victim, attacked.images))
    assert attacked.targets is None


def test_the_criterion_minds_its_own_column_only():
    criterion = PairCriterion(torch.tensor([1, 0]), same=torch.tensor([True, False]))
    scores = torch.tensor([[9.0, -0.1, 9.0], [0.3, -9.0, 9.0]])
    assert criterion.is_adversarial(scores).tolist() == [True, True]
    assert criterion.adversarial_margin(scores).tolist() == pytest.approx([0.1, 0.3])
    assert criterion.is_adversarial(-scores).tolist() == [False, False]
    assert not criterion.is_adversarial(torch.full((2, 3), torch.nan)).any()
    both = criterion.joined(criterion.select(torch.tensor([1])))
    assert both.identities.tolist() == [1, 0, 0]
    assert both.same.tolist() == [True, False, False]
    reduced, two = criterion.reduced(scores)
    torch.testing.assert_close(reduced, torch.tensor([[-0.1, 0.1], [0.3, -0.3]]))
    assert two.identities.tolist() == [0, 1]
    assert two.is_adversarial(reduced).all()


def test_auto_leaves_no_pair_that_pgd_turns(victim, faces, tmp_path):
    config = composed(tmp_path, "attack=auto", "attack.method.methods.square.queries=20")
    auto = instantiate(config.attack)
    alone, attacks = auto.method.methods["pgd"], auto.method.methods
    assert list(attacks) == ["pgd", "apgd", "targeted_apgd", "fmn", "square"]
    victim.head.thresholds[SAME] -= 1.0  # who is far from it is not turned
    budget = Linf(eps=1)
    found = Attack(Everywhere(), budget, alone, goal=TurnVerdicts(SAME))(victim, faces, seed=0)
    left = torch.tensor(right(victim, found.images))
    assert left.tolist() == SAME.tolist()
    every = Attack(Everywhere(), budget, auto.method, goal=TurnVerdicts(SAME))(victim, faces, seed=0)
    assert not (torch.tensor(right(victim, every.images)) & ~left).any()
    assert (every.queries[left] > 900).all()  # all five went on with what is still right


def test_each_of_auto_turns_both_kinds_of_verdict(victim, faces):
    for method in (TargetedAPGD(Margin(), steps=10, targets=2), FMN(10)):
        attacked = Attack(Everywhere(), Linf(eps=4), method, goal=TurnVerdicts(SAME))(victim, faces, seed=0)
        assert not any(right(victim, attacked.images))


def test_who_goes_through_other_people_is_told_that_there_are_none():
    criterion = PairCriterion(torch.tensor([0]), same=torch.tensor([True]))
    with pytest.raises(FacetrialError, match="attack=auto or attack=pgd"):
        criterion.others(torch.zeros(1, 2))


def test_before_a_defence_pgd_goes_for_nobody_else(victim, faces):
    behind = defended(victim, [BitDepth(7)])
    attack = Attack(
        Everywhere(), Linf(eps=0.2), PGD(Margin(), steps=2, step=0.1, targets=3), goal=TurnVerdicts(SAME)
    )
    assert any(right(behind, attack(behind, faces, seed=0).images))  # those that it would go on with


def test_a_mirrored_embedder_says_the_same_of_a_picture_and_its_mirror_image():
    embedder = Mirrored(Projected())
    images = torch.rand(3, 3, 24, 24)
    found = embedder(images)
    torch.testing.assert_close(found, embedder(images.flip(3)))
    plain = embedder.embedder
    torch.testing.assert_close(found, F.normalize(plain(images) + plain(images.flip(3))))
