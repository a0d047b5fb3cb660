"""A victim: scores and slopes, frozen, and what it refuses."""

import numpy as np
import pytest
import torch
from torch import nn

from facetrial.core.errors import FacetrialError
from facetrial.recognition.embedders.small import SmallEmbedder
from facetrial.recognition.svm_head import SVMHead
from facetrial.recognition.victim import Victim, device_of

NAMES = ["Zoë Brontë", "José", "Li"]


def fitted_head(kernel="linear"):
    head = SVMHead(kernel)
    head.fit(np.random.default_rng(0).normal(size=(30, 64)), np.arange(30) % 3)
    return head


@pytest.mark.parametrize("kernel", ["linear", "rbf"])
def test_scores_and_gradients_reach_pixels_only(kernel):
    victim = Victim(SmallEmbedder(), fitted_head(kernel), NAMES).freeze()
    images = torch.rand(2, 3, 112, 112, requires_grad=True)
    scores = victim(images)
    assert scores.shape == (2, 3)
    assert scores.dtype == torch.float32
    scores[:, 0].sum().backward()
    assert (images.grad.flatten(1).abs().sum(1) > 0).all()
    assert not victim.training
    assert not any(parameter.requires_grad for parameter in victim.parameters())


def test_any_module_may_be_the_head():
    victim = Victim(SmallEmbedder(), nn.Linear(64, 3), NAMES).freeze()
    assert victim(torch.rand(1, 3, 112, 112)).shape == (1, 3)


def test_functions_may_be_its_parts():
    embedder, head = SmallEmbedder().eval(), nn.Linear(64, 3)
    images = torch.rand(2, 3, 112, 112)
    victim = Victim(embedder.forward, lambda embeddings: head(embeddings), NAMES).freeze()
    assert torch.equal(victim(images), Victim(embedder, head, NAMES).freeze()(images))
    assert not any(parameter.requires_grad for parameter in embedder.parameters())


@pytest.mark.parametrize("part", [None, SmallEmbedder, "embedder.pt"])
def test_parts_that_are_none(part):
    with pytest.raises(FacetrialError, match="a victim's embedder must be"):
        Victim(part, fitted_head(), NAMES)


@pytest.mark.parametrize("names", ["abc", 3, None])
def test_names_that_are_none(names):
    with pytest.raises(FacetrialError, match="names must be a list"):
        Victim(SmallEmbedder(), fitted_head(), names)


def test_a_head_that_is_not_fitted():
    with pytest.raises(FacetrialError, match="not fitted"):
        Victim(SmallEmbedder(), SVMHead(), NAMES)


def test_another_number_of_people():
    with pytest.raises(FacetrialError, match="knows 3 people, but there are 2 names"):
        Victim(SmallEmbedder(), fitted_head(), NAMES[:2])


@pytest.mark.parametrize("images", [torch.full((1, 3, 112, 112), 200.0), -torch.rand(1, 3, 112, 112)])
def test_images_out_of_range(images):
    with pytest.raises(FacetrialError, match=r"\[0, 1\]"):
        Victim(SmallEmbedder(), fitted_head(), NAMES).freeze()(images)


def test_images_of_another_shape():
    with pytest.raises(FacetrialError, match=r"\(B, 3, H, W\)"):
        Victim(SmallEmbedder(), fitted_head(), NAMES).freeze()(torch.rand(3, 112, 112))


def test_where_a_network_lies():
    assert device_of(nn.Linear(1, 1, device="meta")).type == "meta"
    assert device_of(nn.BatchNorm2d(1, affine=False, device="meta")).type == "meta"
    assert device_of(nn.ReLU()).type == "cpu"
