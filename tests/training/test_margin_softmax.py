"""The loss with an angular margin, against cross-entropy over cosines."""

import pytest
import torch
import torch.nn.functional as F

from facetrial.core.errors import FacetrialError
from facetrial.training.margin_softmax import MarginSoftmax


def unit(count, dimension=8):
    return F.normalize(torch.randn(count, dimension))


class TestMarginSoftmax:
    def test_without_margin_it_is_cross_entropy(self):
        loss = MarginSoftmax(8, 5, margin=0.0, scale=10.0)
        embeddings, identities = unit(20), torch.arange(20) % 5
        expected = F.cross_entropy(10 * embeddings @ F.normalize(loss.centres).T, identities)
        assert loss(embeddings, identities).item() == pytest.approx(expected.item(), abs=1e-5)

    def test_the_margin_widens_the_angle_of_the_right_identity(self):
        loss = MarginSoftmax(8, 5, margin=0.3, scale=10.0)
        embeddings, identities = unit(20), torch.arange(20) % 5
        cosines = embeddings @ F.normalize(loss.centres).T
        widened = cosines.clone()
        for row, own in enumerate(identities):
            widened[row, own] = torch.cos(torch.acos(cosines[row, own]) + 0.3)
        expected = F.cross_entropy(10 * widened, identities)
        assert loss(embeddings, identities).item() == pytest.approx(expected.item(), abs=1e-5)

    @pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
    def test_gradients_are_finite_at_the_centre_and_opposite_to_it(self, dtype):
        loss = MarginSoftmax(8, 2, margin=0.3).to(dtype)
        centre = F.normalize(loss.centres[:1].detach())
        embeddings = torch.cat([centre, -centre]).to(dtype).requires_grad_()
        loss(embeddings, torch.tensor([0, 0])).backward()
        assert embeddings.grad.isfinite().all()
        assert loss.centres.grad.isfinite().all()

    @pytest.mark.parametrize("settings", [{"margin": -0.1}, {"scale": 0.0}])
    def test_senseless_settings(self, settings):
        with pytest.raises(FacetrialError, match=r"model\.loss"):
            MarginSoftmax(8, 2, **settings)


def test_centres_start_at_the_means_of_their_embeddings():
    loss = MarginSoftmax(8, 4)
    embeddings, identities = unit(30), torch.arange(30) % 3
    before = loss.centres[3].clone()
    loss.start(embeddings, identities)
    for who in range(3):
        torch.testing.assert_close(
            loss.centres[who], F.normalize(embeddings[identities == who].mean(0), dim=0)
        )
    assert torch.equal(loss.centres[3], before)  # of whom no picture is there
