"""Checks of the pictures: in [0, 1], minded by the victim, and standardised once."""

import pytest
from torch import Tensor, nn

from facetrial.checks.of_input import PictureRange, StandardisedOnce
from facetrial.recognition.embedders.inception_resnet_v1 import InceptionResnetV1
from facetrial.recognition.embedders.mobilefacenet import MobileFaceNet
from facetrial.recognition.embedders.small import SmallEmbedder
from facetrial.recognition.victim import Victim
from tests.helpers.evidence import NAMES, behind, evidence, faces, sound
from tests.helpers.victims import trained


class Twice(nn.Module):
    """Standardises by a mean and a deviation."""

    def __init__(self, mean: float, deviation: float) -> None:
        super().__init__()
        self.mean, self.deviation = mean, deviation

    def forward(self, images: Tensor) -> Tensor:
        return (images - self.mean) / self.deviation


class TestRange:
    def test_pictures_divided_by_255_twice(self):
        outcome = PictureRange()(evidence(sound(), test=faces(factor=1.0)))
        assert not outcome.passed
        assert "divided by 255 already" in outcome.remedy

    def test_a_victim_that_takes_anything(self):
        outcome = PictureRange()(evidence(trained(6)))
        assert not outcome.passed
        assert "standardised and from 0 to 255" in outcome.detail


class TestStandardised:
    @pytest.mark.parametrize(
        "steps",
        [
            [(0.5, 0.5), (0.5, 0.5)],
            [(0.485, 0.225), (0.485, 0.225)],
            [(0.5, 0.5), (0.485, 0.225)],
            [(0.5, 1.0), (0.5, 1.0)],
            [(0.0, 255.0), (0.5, 0.5)],
            [(0.0, 255.0)],
        ],
    )
    def test_twice(self, steps):
        front = nn.Sequential(*(Twice(mean, deviation) for mean, deviation in steps))
        outcome = StandardisedOnce()(evidence(behind(front)))
        assert not outcome.passed, outcome
        assert "standardise once" in outcome.remedy

    @pytest.mark.parametrize(
        ("mean", "deviation"),
        [
            (0.5, 0.5),
            (0.5, 1.0),
            (0.485, 0.225),
            (0.45, 0.27),
            (0.0, 1 / 255),
            (0.4, 1 / 255),
            (0.498, 128 / 255),
        ],
    )
    def test_once_in_all_the_ways_that_networks_are_trained(self, mean, deviation):
        outcome = StandardisedOnce()(evidence(behind(Twice(mean, deviation))))
        assert outcome.passed, outcome

    @pytest.mark.parametrize("embedder", [SmallEmbedder, MobileFaceNet, InceptionResnetV1])
    def test_own_embedders(self, embedder):
        network = embedder()
        victim = Victim(network, nn.Linear(network.dimension, 6), NAMES).freeze()
        found = evidence(sound())
        found.victim, found.faces.pixels = victim, found.faces.pixels.repeat(7, 1).repeat(7, 2)
        if network.size == 160:
            found.faces.pixels = found.faces.pixels.repeat(2, 1).repeat(2, 2)[:, :160, :160]
        assert StandardisedOnce()(found).passed
        network_twice = nn.Sequential(Twice(127.5 / 255, 128 / 255), network)
        found.victim = Victim(network_twice, nn.Linear(network.dimension, 6), NAMES).freeze()
        assert not StandardisedOnce()(found).passed

    def test_it_is_left_out_where_there_is_no_layer(self):
        class Plain(nn.Module):
            def forward(self, images: Tensor) -> Tensor:
                return images.mean((2, 3)).repeat(1, 2)

        assert StandardisedOnce()(evidence(Plain().eval())).passed is None
