"""Noise in training: as strong as was asked for, not clipped, and the same on both of a pair."""

import pytest
import torch

from facetrial.core.errors import FacetrialError
from facetrial.defenses.trained.adversarial_batches import Weights
from facetrial.defenses.trained.noise_training import NoiseTraining
from facetrial.defenses.trained.noisy_data import NoisyFaces
from tests.helpers.adversarial import data_and_module, of_training
from tests.helpers.tiny import ColouredPeople


def test_noise_on_pairs_is_the_same_on_both():
    data, module = data_and_module(weights=Weights(1.0, 1.0))
    _, pairs = of_training(data, module)
    _, noisy = of_training(NoisyFaces(data, 0.25, 1, 0), module)
    on_clean = noisy.clean.images - pairs.clean.images
    assert on_clean.std() == pytest.approx(0.25, rel=0.05)
    torch.testing.assert_close(noisy.perturbed.images - pairs.perturbed.images, on_clean)


class TestNoiseTraining:
    def data(self, **settings):
        faces = ColouredPeople(batch_size=8)
        faces.setup()
        return NoiseTraining(**({"sigma": 0.2, "copies": 2, "seed": 0} | settings)).wrap_data(faces)

    def test_the_head_sees_copies_of_the_noise_that_was_asked_for(self):
        data = self.data()
        batches = list(data.head_batches())
        clean = list(data.faces.head_batches())
        assert len(batches) == 2 * len(clean)
        noise = torch.cat([batches[0].images - clean[0].images, batches[1].images - clean[0].images])
        assert float(noise.std()) == pytest.approx(0.2, rel=0.02)
        assert not torch.equal(*noise.chunk(2))
        assert batches[0].images.max() > 1  # not clipped

    @pytest.mark.parametrize("setting", [{"sigma": 0}, {"copies": 0}])
    def test_senseless_settings_are_refused(self, setting):
        with pytest.raises(FacetrialError, match=r"defense\.noise"):
            self.data(**setting)
