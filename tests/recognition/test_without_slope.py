"""Whether a victim has a slope, and what is said of one that has none."""

import numpy as np
import pytest
import torch
from torch import nn

from facetrial.core.errors import FacetrialError
from facetrial.defenses.bit_depth import BitDepth
from facetrial.recognition.embedders.black_box.function import FunctionEmbedder
from facetrial.recognition.embedders.contract import meeting_contract
from facetrial.recognition.embedders.flip_averaged import Mirrored
from facetrial.recognition.fast_copy import FastCopies
from facetrial.recognition.gallery_head import GalleryHead
from facetrial.recognition.victim import Victim
from facetrial.recognition.without_slope import black_box, has_slope, keeps_answers, without_slope

IMAGES = torch.rand(2, 3, 16, 16, generator=torch.Generator().manual_seed(0))


def of(embedder):
    return Victim(embedder, GalleryHead(torch.eye(3)), ["Ann", "Bob", "Zoë"]).freeze()


def colours(images):
    return images.mean((2, 3))


def boxed(pictures: np.ndarray) -> np.ndarray:
    return pictures.mean((1, 2)) + 1.0


class Honest(nn.Module):
    has_slope = False

    def forward(self, images):
        return torch.stack([images.detach()[:, 0].mean((1, 2)), images.detach()[:, 1, 0, 0] + 2], 1)


@pytest.mark.parametrize("defend", [lambda victim: victim, BitDepth(3).wrap_victim])
def test_a_slope_is_looked_for_behind_defences(defend):
    assert has_slope(defend(of(colours)), IMAGES)
    assert not has_slope(defend(of(lambda images: colours(images.detach()))), IMAGES)
    box = FunctionEmbedder(boxed, 16)
    assert black_box(defend(of(box))) is box
    assert not has_slope(defend(of(box)), IMAGES)
    assert black_box(defend(of(colours))) is None


def test_who_says_that_it_has_none_is_not_asked():
    def never(pictures):
        raise AssertionError

    assert not has_slope(of(FunctionEmbedder(never, 16)), IMAGES)


def test_answers_that_are_kept(tmp_path):
    kept = FunctionEmbedder(boxed, 16, keep=True, cache=str(tmp_path))
    assert keeps_answers(of(kept))
    assert keeps_answers(of(Mirrored(kept)))
    assert not keeps_answers(of(FunctionEmbedder(boxed, 16)))
    assert not keeps_answers(of(colours))


def test_an_own_network_may_say_that_it_has_none():
    embedder = meeting_contract(Honest().eval(), 16, "facenet", "honest")
    assert black_box(of(embedder)) is embedder


def test_no_copy_is_made_of_what_computes_elsewhere():
    victim = of(FunctionEmbedder(boxed, 16))
    assert FastCopies().of(victim, IMAGES) is victim


def test_what_to_do_is_said():
    said = str(without_slope(of(FunctionEmbedder(boxed, 16)), IMAGES))
    assert "the function boxed answers and shows no slope" in said
    assert "attack=square" in said
    assert "attack.surrogate=" in said
    error = without_slope(of(lambda images: colours(images.detach())), IMAGES)
    assert isinstance(error, FacetrialError)
    assert "has no slope" in str(error)
