"""Logistic regression against scikit-learn's."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from facetrial.statistics.logistic import logistic_fits


def test_fits_are_those_of_scikit_learn():
    generator = np.random.default_rng(0)
    x, totals = generator.normal(size=30), generator.integers(1, 20, 30)
    hits = generator.binomial(totals, 1 / (1 + np.exp(-0.3 - 0.8 * x)))
    weights = np.stack([np.ones(30), generator.integers(0, 3, 30)])
    for row, (intercept, slope) in zip(weights, logistic_fits(x, hits, totals, weights), strict=True):
        twice = np.concatenate([x, x])[:, None]
        target = np.repeat([1, 0], 30)
        count = np.concatenate([row * hits, row * (totals - hits)])
        reference = LogisticRegression(C=100.0, tol=1e-10, max_iter=1000).fit(
            twice, target, sample_weight=count
        )
        # scikit-learn does not shrink the intercept; a weight of 0.01 on it hardly does.
        assert slope == pytest.approx(reference.coef_[0, 0], abs=2e-3)
        assert intercept == pytest.approx(reference.intercept_[0], abs=2e-3)
