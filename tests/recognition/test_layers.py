"""Layers in front of a victim: they come off, go over another one, and add up."""

import pytest
import torch
from torch import nn

from facetrial.core.errors import FacetrialError
from facetrial.defenses.bit_depth import BitDepth
from facetrial.defenses.blur import GaussianBlur
from facetrial.defenses.build import defended
from facetrial.defenses.detectors import GalleryDistance
from facetrial.defenses.jpeg import JPEG
from facetrial.defenses.resize_pad import RandomResizePad
from facetrial.recognition.gallery_head import GalleryHead
from facetrial.recognition.layers import (
    abstain_columns,
    abstains,
    adaptive_view,
    base_model,
    draws_at_random,
    forward_passes,
    layers,
    scores_and_embeddings,
    scores_of,
    with_base,
    with_embeddings,
    with_similarities,
)
from facetrial.recognition.victim import Victim
from facetrial.trial.certificate import Certificate
from tests.helpers.coloured_dataset import dataset
from tests.helpers.pixels import SIZE, Pixels, pictures
from tests.helpers.smoothed import smoothing


class TestSeveral:
    def test_layers_come_off_and_go_over_another_victim(self):
        core, other = Pixels(), Pixels()
        victim = defended(core, [JPEG(50), BitDepth(4)])
        assert [type(layer.defense) for layer in layers(victim)] == [JPEG, BitDepth]
        assert base_model(victim) is core
        assert base_model(adaptive_view(victim)) is core
        assert base_model(with_base(victim, other)) is other
        assert base_model(victim) is core

    def test_what_stands_behind_may_be_a_function(self):
        core = Pixels()
        victim, images = defended(lambda images: core(images), [GaussianBlur(1.0)]), pictures()
        assert torch.equal(victim(images), defended(core, [GaussianBlur(1.0)])(images))
        assert isinstance(base_model(victim), nn.Module)
        with pytest.raises(FacetrialError, match="a defended victim must be"):
            defended(Pixels, [GaussianBlur(1.0)])

    def test_only_the_outermost_looks_at_the_range(self):
        inner = Victim(nn.Flatten(), nn.Identity(), [str(i) for i in range(3 * SIZE * SIZE)]).eval()
        victim = defended(inner, [GaussianBlur(1.0)])
        with pytest.raises(FacetrialError, match=r"\[0, 1\]"):
            victim(pictures() + 1)
        assert inner.checked
        assert not base_model(victim).checked


class TestSums:
    victim = Victim(nn.Flatten(), nn.Identity(), [str(i) for i in range(3 * SIZE * SIZE)]).eval()

    def test_passes_multiply_and_one_that_draws_is_enough(self):
        twice = defended(self.victim, [RandomResizePad(0.8, 0, 2), BitDepth(4), RandomResizePad(0.9, 1, 3)])
        assert forward_passes(adaptive_view(twice)) == 6
        assert draws_at_random(twice)
        assert forward_passes(self.victim) == forward_passes(defended(self.victim, [BitDepth(4)])) == 1
        assert not draws_at_random(defended(self.victim, [BitDepth(4)]))

    def test_names_are_the_victims(self):
        assert list(defended(self.victim, [BitDepth(4), JPEG(50)]).names) == list(self.victim.names)

    def test_without_a_layer_that_votes_nobody_abstains(self):
        scores = torch.zeros(3, 2)
        for victim in (self.victim, defended(self.victim, [BitDepth(4)])):
            assert abstains(victim, scores).tolist() == [False] * 3
            assert abstain_columns(victim) == 0


class TestEmbeddings:
    def test_they_are_of_the_picture_that_the_victim_saw(self):
        victim = Victim(nn.Flatten(), nn.Identity(), [str(i) for i in range(3 * SIZE * SIZE)]).eval()
        images = pictures()
        scores, embeddings = scores_and_embeddings(defended(victim, [BitDepth(2)]), images)
        rounded = BitDepth(2).transform(images).flatten(1)
        torch.testing.assert_close(scores, rounded)
        torch.testing.assert_close(embeddings, nn.functional.normalize(rounded))

    def test_a_plain_classifier_has_none(self):
        scores, embeddings = scores_and_embeddings(Pixels(), pictures())
        torch.testing.assert_close(scores, pictures().flatten(1))
        assert embeddings is None
        for ask in (with_embeddings, with_similarities):
            with pytest.raises(FacetrialError, match="plain classifier"):
                ask(defended(Pixels(), [BitDepth(2)]), pictures())


def test_a_defended_victim_prints_what_stands_where():
    victim = Victim(nn.Flatten(), GalleryHead(torch.eye(4)), ["Ann", "B\x1b[2J", "Cem", "Dora"])
    said = r"Victim(Flatten, GalleryHead, 4 people: Ann, B\x1b[2J, Cem, Dora)"
    assert repr(victim) == said
    assert repr(defended(victim, [JPEG(50), BitDepth(3)])) == f"JPEG(BitDepth({said}))"


class Squares(nn.Module):
    """Embeddings of pictures, and what a GPU is allowed to while they are made."""

    def __init__(self, backends) -> None:
        super().__init__()
        self.backends, self.seen = backends, []

    def forward(self, images):
        self.seen.extend(backend.allow_tf32 for backend in self.backends)
        return images[..., ::4, ::4].flatten(1)


ASKED = {
    "a verdict": lambda victim, faces: scores_of(victim, faces.batch([0, 1]).images),
    "a detector's threshold": lambda victim, faces: GalleryDistance(0.1).wrap_victim(victim, faces),
    "a certificate": lambda victim, faces: Certificate(8, 8, 0.1).columns(
        smoothing().wrap_victim(victim), faces.batch([0]).images, victim.names
    ),
}


@pytest.mark.parametrize("asked", ASKED)
def test_verdicts_and_what_they_are_held_against_take_all_bits_of_float32(asked):
    """An H100 convolves with 11 of them by default."""
    backends = torch.backends.cudnn, torch.backends.cuda.matmul
    before, faces = [backend.allow_tf32 for backend in backends], dataset(12, seed=0)
    embedder = Squares(backends)
    gallery = embedder(faces.batch([0, 1]).images)
    victim = Victim(embedder, GalleryHead(gallery), ["Ann", "Bob"]).freeze()
    embedder.seen.clear()
    try:
        for backend in backends:
            backend.allow_tf32 = True
        ASKED[asked](victim, faces)
        assert embedder.seen
        assert not any(embedder.seen)
        assert [backend.allow_tf32 for backend in backends] == [True, True]
    finally:
        for backend, allowed in zip(backends, before, strict=True):
            backend.allow_tf32 = allowed
