"""The landmark network: light does not matter, and a handful of faces can be learnt."""

import pytest
import torch

from facetrial.core.errors import FacetrialError
from facetrial.landmarks.lightning_module import known_loss
from facetrial.landmarks.network import LandmarkNetwork

SMALL = {"widths": (4, 4, 8, 8), "blocks": (0, 0, 1, 0), "hidden": 16}


def test_shape_and_light_do_not_matter():
    network = LandmarkNetwork(**SMALL).eval()
    images = torch.rand(2, 1, 96, 96) * 0.5 + 0.1
    found = network(images)
    assert found.shape == (2, 15, 2)
    assert torch.allclose(network(images * 1.5 + 0.05), found, atol=0.2)
    assert torch.isfinite(network(torch.zeros(1, 1, 96, 96))).all()


def test_another_size_is_an_error():
    with pytest.raises(FacetrialError, match="96"):
        LandmarkNetwork(**SMALL)(torch.rand(2, 3, 96, 96))


def test_it_learns_a_handful_of_faces():
    network = LandmarkNetwork(**SMALL, dropout=0.0)
    images, landmarks = torch.rand(8, 1, 96, 96), network.mean_shape + 4 * torch.randn(8, 15, 2)
    optimizer = torch.optim.AdamW(network.parameters(), lr=5e-3)
    before = known_loss(network(images), landmarks, 2.0).item()
    for _ in range(60):
        optimizer.zero_grad()
        loss = known_loss(network(images), landmarks, 2.0)
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.3 * before
