"""A gallery as a head: what it may be, and the similarities to it."""

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from facetrial.core.errors import FacetrialError
from facetrial.recognition.gallery_head import GalleryHead


def test_scores_are_similarities_times_a_scale():
    gallery, embeddings = torch.rand(3, 8), torch.rand(5, 8)
    expected = F.cosine_similarity(embeddings[:, None], gallery, dim=2)
    torch.testing.assert_close(GalleryHead(gallery)(embeddings), expected)
    torch.testing.assert_close(GalleryHead(gallery, scale=16.0)(embeddings), 16 * expected)
    assert GalleryHead(gallery).num_classes == 3


@pytest.mark.parametrize(
    ("gallery", "said"),
    [
        ("file.npy", "found a str"),
        ({"a": 1}, "found a dict"),
        (torch.ones(3, 4, dtype=torch.int64), "found torch.int64"),
        (np.ones(4), r"found shape \(4,\)"),
        (np.ones((1, 4)), "at least two people"),
        (torch.diag(torch.tensor([1.0, 0.0])), "none of them zero"),
        (torch.full((2, 4), torch.nan), "must be finite"),
    ],
)
def test_galleries_that_are_none(gallery, said):
    with pytest.raises(FacetrialError, match=said):
        GalleryHead(gallery)


def test_a_gallery_may_be_an_array():
    gallery = np.random.default_rng(0).normal(size=(3, 64))
    head = GalleryHead(gallery)
    assert torch.equal(head.gallery, GalleryHead(torch.from_numpy(gallery)).gallery)
