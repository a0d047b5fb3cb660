"""Who has seen the pictures of a trial knows them more surely than validation pictures; who has not, does not."""

from dataclasses import replace

import pytest
import torch

import facetrial
from facetrial.checks.apart.unseen import Unseen
from facetrial.checks.base import Outcome
from facetrial.data.synthetic import SyntheticFaces
from facetrial.faces.batch import FaceDataset
from facetrial.recognition.gallery_head import GalleryHead
from facetrial.recognition.victim import Victim
from tests.helpers.evidence import evidence_of, faces, pgd, sound


def enrolled_with(data: SyntheticFaces, pictures: FaceDataset) -> Victim:
    """As somebody enrols people by a loop of their own, which nobody can look into."""
    embedder = facetrial.load_embedder("small")
    with torch.no_grad():
        embeddings = embedder(pictures.batch(range(len(pictures))).images)
    head = GalleryHead()
    head.fit(embeddings.numpy(), pictures.identities)
    return Victim(embedder, head, data.names).freeze()


def unseen(part: str, seed: int = 0, validation: bool = True) -> Outcome:
    data = facetrial.draw_faces(people=14, pictures=20, size=32, split_seed=seed)
    victim = enrolled_with(data, getattr(data, part))
    held = data.validation_faces if validation else None
    return Unseen()(evidence_of(victim, pgd(steps=1, eps=1), data.test_faces, validation_faces=held))


@pytest.mark.parametrize("seed", range(3))
def test_a_gallery_of_training_pictures_passes(seed):
    outcome = unseen("train_faces", seed)
    assert outcome.passed, outcome


@pytest.mark.parametrize("seed", range(2))
def test_a_gallery_of_the_tested_pictures_is_found(seed):
    outcome = unseen("test_faces", seed)
    assert outcome.passed is False, outcome
    assert "by chance once in" in outcome.detail
    assert "enrol it with faces.train_faces" in outcome.remedy


def test_it_does_not_apply_without_validation_pictures_or_with_too_few():
    assert "no validation pictures" in unseen("test_faces", validation=False).detail
    test = faces(6)
    outcome = Unseen()(evidence_of(sound(), pgd(steps=1), test, validation_faces=faces(6, seed=3)))
    assert outcome.passed is None
    assert "too few people" in outcome.detail


def test_it_does_not_apply_to_pairs():
    found = replace(
        evidence_of(sound(), pgd(steps=1), validation_faces=faces(24, seed=3)), same=torch.ones(24) > 0
    )
    assert Unseen()(found).passed is None


def test_pictures_that_are_known_as_surely_on_both_sides_pass():
    outcome = Unseen()(evidence_of(sound(), pgd(steps=1), validation_faces=faces(24, seed=3)))
    assert outcome.passed, outcome
