"""A gallery as a head: what it may be, and the similarities to it."""

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from facetrial.core.errors import FacetrialError
from facetrial.recognition.gallery_head import GalleryHead
from facetrial.recognition.victim import Victim


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


class TestFitted:
    """A gallery of each person's mean embedding."""

    @staticmethod
    def people(each=(3, 9, 20)):
        generator = np.random.default_rng(1)
        identities = generator.permutation(np.repeat(np.arange(len(each)), each))
        embeddings = generator.normal(size=(len(identities), 8)) + 3 * np.eye(8)[identities]
        return embeddings / np.linalg.norm(embeddings, axis=1, keepdims=True), identities

    def test_scores_are_cosines_to_the_means(self):
        embeddings, identities = self.people()
        head = GalleryHead(scale=24.0)
        head.fit(embeddings, identities)
        means = torch.tensor(np.stack([embeddings[identities == who].mean(0) for who in range(3)]))
        expected = 24 * F.cosine_similarity(torch.tensor(embeddings)[:, None], means, dim=2)
        torch.testing.assert_close(head(torch.tensor(embeddings)), expected, atol=1e-5, rtol=0)
        assert head.num_classes == 3

    def test_of_so_many_pictures_of_each_at_most(self):
        embeddings, identities = self.people()
        galleries = []
        for pictures in (1, 6, None):
            head = GalleryHead(pictures=pictures)
            head.fit(embeddings, identities)
            galleries.append(head.gallery)
        one, six, every = galleries
        assert [torch.equal(six[who], every[who]) for who in range(3)] == [True, False, False]
        # One is one of the person's own embeddings.
        assert ((one @ torch.tensor(embeddings).float().T) > 1 - 1e-6).sum(1).tolist() == [1, 1, 1]

    def test_it_comes_back_from_its_state(self):
        head, again = GalleryHead(), GalleryHead()
        assert not head.fitted
        head.fit(*self.people())
        again.load_state_dict(head.state_dict())
        assert again.fitted
        assert torch.equal(again.gallery, head.gallery)

    def test_without_it_there_are_no_scores(self):
        with pytest.raises(FacetrialError, match="train the recogniser first"):
            GalleryHead()(torch.ones(1, 4))
        with pytest.raises(FacetrialError, match="not fitted"):
            Victim(torch.nn.Identity(), GalleryHead(), ["Ann", "Bob"])

    @pytest.mark.parametrize(
        ("embeddings", "identities", "said"),
        [
            (np.eye(3), [0, 2, 2], "every identity from 0 on"),
            (np.eye(3), [0, 1], r"identities \(N,\), found \(3, 3\) and \(2,\)"),
            (np.array([[np.inf, 0.0], [0.0, 1.0]]), [0, 1], "not finite"),
            (np.array([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0]]), [0, 0, 1], "none of them zero"),
        ],
    )
    def test_people_that_cannot_be_enrolled(self, embeddings, identities, said):
        with pytest.raises(FacetrialError, match=said):
            GalleryHead().fit(embeddings, identities)

    @pytest.mark.parametrize("setting", [{"pictures": 0}, {"scale": 0.0}])
    def test_settings_that_make_no_sense(self, setting):
        with pytest.raises(FacetrialError, match=rf"model\.head\.{next(iter(setting))}"):
            GalleryHead(**setting)
