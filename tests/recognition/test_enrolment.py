"""What heads are fitted on, and the mean of each person's embeddings."""

from itertools import pairwise

import numpy as np
import pytest
import torch

from facetrial.core.errors import FacetrialError
from facetrial.recognition.enrolment import enrolled, mean_embeddings


def test_lists_and_tensors_are_taken_as_arrays():
    embeddings, identities = enrolled(torch.eye(2), [0, 1])
    assert isinstance(embeddings, np.ndarray)
    assert identities.tolist() == [0, 1]
    with pytest.raises(FacetrialError, match=r"at least two; found \[0\]"):
        enrolled(torch.eye(2), [0, 0])


def test_means_have_unit_norm():
    embeddings = np.array([[3.0, 0.0], [0.0, 4.0], [0.0, 2.0]])
    means = mean_embeddings(embeddings, np.array([0, 1, 1]))
    assert means.tolist() == [[1, 0], [0, 1]]


def test_means_are_of_each_persons_own_in_whatever_order_they_come():
    generator = np.random.default_rng(0)
    embeddings, identities = generator.standard_normal((40, 3)), generator.permutation(np.arange(40) % 7)
    for pictures in (None, 2):
        found = mean_embeddings(embeddings, identities, pictures)
        for who in range(7):
            own = embeddings[identities == who]
            mean = own[np.random.default_rng(who).permutation(len(own))[:pictures]].mean(0)
            np.testing.assert_array_equal(found[who], mean / np.linalg.norm(mean))


def test_fewer_pictures_are_part_of_more_whatever_others_have():
    embeddings = np.eye(12)
    identities = np.array([0] * 9 + [1] * 3)
    used = [mean_embeddings(embeddings, identities, pictures)[0] > 0 for pictures in (2, 5, 9)]
    assert [int(one.sum()) for one in used] == [2, 5, 9]
    assert all((fewer <= more).all() for fewer, more in pairwise(used))
    alone = mean_embeddings(embeddings[:10], np.array([0] * 9 + [1]), 5)[0] > 0
    assert (alone == used[1]).all()
