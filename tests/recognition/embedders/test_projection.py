"""The projection starts at the principal components."""

import numpy as np
import torch
from sklearn.decomposition import PCA

from facetrial.recognition.embedders.projection import Projection


class TestProjection:
    def test_starts_at_the_principal_components(self):
        vectors = np.random.default_rng(0).normal(size=(200, 12)) * np.linspace(3, 1, 12) + 5
        projection = Projection(12, 4)
        assert not projection.started
        projection.start(torch.as_tensor(vectors).float())
        assert projection.started
        expected = PCA(4, svd_solver="full").fit_transform(vectors)
        found = projection(torch.as_tensor(vectors).float()).detach().numpy()
        signs = np.sign((found * expected).sum(0))
        assert np.abs(found * signs - expected).max() < 1e-3

    def test_fewer_pictures_than_dimensions(self):
        projection = Projection(12, 8)
        vectors = torch.randn(5, 12)
        projection.start(vectors)
        found = projection(vectors)
        assert found.isfinite().all()
        assert found[:, 5:].abs().max() < 1e-6

    def test_training_may_go_on_with_it(self):
        projection = Projection(6, 2)
        projection.start(torch.randn(20, 6))
        projection(torch.randn(3, 6)).sum().backward()
        assert projection.linear.weight.grad is not None
