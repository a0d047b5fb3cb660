import pytest
import torch
from torch.nn import functional as F

import facetrial
from facetrial.attacks.budgets.linf import Linf
from facetrial.attacks.goals import Impersonation
from facetrial.attacks.gradient.pgd import PGD
from facetrial.attacks.losses import Margin
from facetrial.defenses.jpeg import JPEG
from facetrial.regions.regions import Everywhere
from facetrial.trial.photo_pair import compare

FACES = facetrial.draw_faces(people=3, pictures=6, size=32)
EMBEDDER = facetrial.load_embedder("small", size=32, channels=4)
CPU = torch.device("cpu")


def pair():
    return FACES.test_faces.subset([0, 1])


def attack():
    return facetrial.Attack(Everywhere(), Linf(eps=16), PGD(Margin(), steps=10, step=0.25))


def cosine(images, others):
    with torch.no_grad():
        return float((F.normalize(EMBEDDER(images)) * F.normalize(EMBEDDER(others))).sum())


def test_the_similarity_is_the_cosine_of_both_embeddings():
    found = compare(EMBEDDER, pair(), 0.5, None, 0, CPU)
    images = pair().batch([0, 1]).images
    assert found.similarity == pytest.approx(cosine(images[:1], images[1:]), abs=1e-6)
    assert found.attacked is None
    assert not found.fooled
    assert (found.second == images[1].numpy()).all()


@pytest.mark.parametrize("part", [-0.3, 0.3])  # of the way to 1: drawn faces look alike to it
def test_the_attack_turns_whatever_is_said_when_clean(part):
    clean = compare(EMBEDDER, pair(), 0.0, None, 0, CPU).similarity
    asked = attack()
    asked.goal = Impersonation("nearest")
    found = compare(EMBEDDER, pair(), clean + part * (1 - clean), asked, 0, CPU)
    assert found.same(found.similarity) == (part < 0)
    assert found.same(found.attacked) != found.same(found.similarity)
    assert found.fooled
    others = pair().batch([1]).images
    assert found.attacked == pytest.approx(cosine(found.change.images, others), abs=1e-5)
    assert found.saved == pytest.approx(cosine(found.change.saved, others), abs=1e-5)
    assert (found.change.images - found.change.clean).abs().max() <= 16 / 255 + 1e-6
    assert isinstance(asked.goal, Impersonation)  # the caller's attack is as it was


def test_defences_stand_in_front_of_both():
    plain, behind = (
        compare(EMBEDDER, pair(), 0.5, None, 0, CPU, defenses).similarity for defenses in ((), (JPEG(20),))
    )
    assert plain != behind
