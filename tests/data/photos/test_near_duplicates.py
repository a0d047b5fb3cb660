"""Likeness of pictures against numpy's correlations."""

import numpy as np

from facetrial.data.photos.near_duplicates import most_alike


def test_correlations_are_numpys():
    vectors = np.random.default_rng(0).normal(size=(9, 50))
    expected = np.corrcoef(vectors)[:4, 4:].max(1)
    assert np.allclose(most_alike(vectors[:4], vectors[4:]), expected, atol=1e-5)
