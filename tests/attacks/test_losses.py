"""Losses rise towards the goal and have their papers' values."""

import pytest
import torch
from torch.nn import functional as F

from facetrial.attacks.attack import Attack
from facetrial.attacks.budgets.linf import Linf
from facetrial.attacks.goals import Criterion, Impersonation
from facetrial.attacks.gradient.pgd import PGD
from facetrial.attacks.losses import Cosine, CrossEntropy, DifferenceOfLogitsRatio, Margin
from facetrial.core.errors import FacetrialError
from facetrial.recognition.gallery_head import GalleryHead
from facetrial.recognition.svm_head import SVMHead
from facetrial.recognition.victim import Victim, similarities
from facetrial.regions.regions import Everywhere
from tests.helpers.victims import Linear, known_faces, pictures, trained

SCORES = torch.tensor([[3.0, 2.5, 1.0, -1.0, 0.0], [0.0, 5.0, 4.0, 1.0, 2.0]])
OWN, TARGET = torch.tensor([0, 2]), torch.tensor([3, 0])
DODGING, IMPERSONATION = Criterion(OWN), Criterion(OWN, TARGET)


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


@pytest.mark.parametrize("criterion", [DODGING, IMPERSONATION], ids=["dodging", "impersonation"])
def test_the_ratio_does_not_change_with_the_scale_of_the_scores(criterion):
    loss = DifferenceOfLogitsRatio()
    torch.testing.assert_close(loss(1000 * SCORES - 7, criterion), loss(SCORES, criterion))


@pytest.mark.parametrize(
    ("people", "criterion"), [(2, Criterion(OWN % 2)), (3, Criterion(OWN % 2, 1 - OWN % 2))]
)
def test_with_few_people_the_ratio_is_the_margin(people, criterion):
    scores = SCORES[:, :people]
    assert torch.equal(DifferenceOfLogitsRatio()(scores, criterion), Margin()(scores, criterion))


@pytest.mark.parametrize("loss", [CrossEntropy(), Margin(), DifferenceOfLogitsRatio(), Cosine()])
@pytest.mark.parametrize("criterion", [DODGING, IMPERSONATION], ids=["dodging", "impersonation"])
def test_a_loss_rises_with_what_is_wanted(loss, criterion):
    scores = SCORES.double().requires_grad_(True)
    (slope,) = torch.autograd.grad(loss(scores, criterion).sum(), scores)
    if criterion.targets is None:
        assert (slope.gather(1, OWN[:, None]) < 0).all()
    else:
        assert (slope.gather(1, TARGET[:, None]) > 0).all()


class TestCosine:
    """The embedding is moved away from the own gallery, or to the target's."""

    def attack(self, victim, faces, goal=None, **settings):
        method = PGD(Cosine(), 20, 0.1, early_stop=False)
        return Attack(Everywhere(), Linf(8), method, goal, **settings)(victim, faces, seed=0)

    def near(self, victim, images):
        return similarities(victim.with_embeddings(images)[1], victim.head)

    @pytest.mark.parametrize("fast", [True, False])
    @pytest.mark.parametrize("head", ["svm", "gallery"])
    def test_the_similarity_falls_or_rises(self, head, fast):
        victim, faces = victim_of(head), known_faces(12)
        rows, own = torch.arange(12), faces.identities
        before = self.near(victim, faces.images)
        dodging = self.attack(victim, faces, fast=fast)
        after = self.near(victim, dodging.images)
        assert (after[rows, own] < before[rows, own]).all()
        posing = self.attack(victim, faces, Impersonation(2), fast=fast)
        after = self.near(victim, posing.images)
        others = own != 2
        assert (after[others, 2] > before[others, 2]).all()

    def test_before_abstentions_it_is_the_margin(self):
        for criterion in (Criterion(OWN, abstain_columns=1), Criterion(OWN, TARGET, abstain_columns=1)):
            assert torch.equal(Cosine()(SCORES, criterion), Margin()(SCORES, criterion))

    def test_a_galleryhead_scores_the_similarity(self):
        victim, faces = victim_of("gallery"), known_faces(6)
        scores = victim(faces.images)
        torch.testing.assert_close(scores, self.near(victim, faces.images))
        assert scores.abs().max() <= 1 + 1e-6
        assert (scores.argmax(1) == faces.identities).all()

    def test_a_plain_classifier_has_none(self):
        for fast in (True, False):
            attack = Attack(Everywhere(), Linf(8), PGD(Cosine(), 1, 0.5), fast=fast)
            with pytest.raises(FacetrialError, match="another"):
                attack(Linear(), known_faces(2), seed=0)

    @pytest.mark.parametrize("gallery", [torch.ones(3), torch.ones(1, 4), torch.zeros(3, 4)])
    def test_galleries_that_are_none(self, gallery):
        with pytest.raises(FacetrialError, match="gallery"):
            GalleryHead(gallery)


def victim_of(head: str) -> Victim:
    embedder = trained()
    images, identities = pictures(30)
    with torch.no_grad():
        embeddings = embedder(images)
    if head == "gallery":
        fitted = GalleryHead(torch.stack([embeddings[identities == who].mean(0) for who in range(6)]))
    else:
        fitted = SVMHead()
        fitted.fit(embeddings.numpy(), identities.numpy())
    return Victim(embedder, fitted, [str(who) for who in range(6)]).freeze()
