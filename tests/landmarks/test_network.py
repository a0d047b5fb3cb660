"""The landmark network: light does not matter, and a handful of faces can be learnt."""

import pytest
import torch

from facetrial.core.errors import FacetrialError
from facetrial.faces.frames import MEAN_SHAPE
from facetrial.landmarks.lightning_module import known_loss
from facetrial.landmarks.network import LandmarkNetwork, StudyNetwork, _centres

SMALL = {"widths": (4, 4, 8, 8), "blocks": (0, 0, 1, 0), "width": 8, "hidden": 16}
NETWORKS = [lambda: LandmarkNetwork(**SMALL, dropout=0.0), lambda: StudyNetwork((4, 4, 8), 16, dropout=0.0)]


@pytest.mark.parametrize("make", NETWORKS)
def test_shape_and_light_do_not_matter(make):
    network = make().eval()
    images = torch.rand(2, 1, 96, 96) * 0.5 + 0.1
    found = network(images)
    assert found.shape == (2, 15, 2)
    assert torch.allclose(network(images * 1.5 + 0.05), found, atol=0.2)
    assert torch.isfinite(network(torch.zeros(1, 1, 96, 96))).all()


@pytest.mark.parametrize("make", NETWORKS)
def test_another_size_is_an_error(make):
    with pytest.raises(FacetrialError, match="96"):
        make()(torch.rand(2, 3, 96, 96))


@pytest.mark.parametrize("make", NETWORKS)
def test_it_learns_a_handful_of_faces(make):
    torch.manual_seed(0)
    network = make()
    images, landmarks = torch.rand(8, 1, 96, 96), torch.tensor(MEAN_SHAPE) + 4 * torch.randn(8, 15, 2)
    optimizer = torch.optim.AdamW(network.parameters(), lr=5e-3)
    before = known_loss(network(images), landmarks, 2.0).item()
    for _ in range(60):
        optimizer.zero_grad()
        loss = known_loss(network(images), landmarks, 2.0)
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.3 * before


def test_a_map_of_one_place_is_a_landmark_there():
    maps = torch.full((1, 2, 24, 24), -1e4)
    maps[0, 0, 3, 20] = maps[0, 1, 11, 11] = maps[0, 1, 12, 12] = 1e4
    # A cell is 4 pixels times how far maps reach beyond the frame; the middle of both is the same.
    expected = [[47.5 + 8.5 * 4.6, 47.5 - 8.5 * 4.6], [47.5, 47.5]]
    assert torch.allclose(_centres(maps)[0], torch.tensor(expected))


def test_what_was_not_trained_finds_about_the_mean_shape():
    found = LandmarkNetwork(**SMALL).eval()(torch.rand(3, 1, 96, 96))
    assert (found - torch.tensor(MEAN_SHAPE)).abs().max() < 6
