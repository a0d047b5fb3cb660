"""Batches of faces for tests: random pixels around a mean face's landmarks."""

import torch

from facetrial.faces.batch import Faces
from facetrial.faces.landmark_names import NUM_LANDMARKS

# Means of Kaggle's training set, in its 96x96 frame.
MEAN_FACE = torch.tensor(
    [
        [66.4, 37.8], [30.3, 38.0], [59.2, 37.9], [73.3, 38.1], [36.7, 38.0], [22.4, 38.0], [56.1, 29.3],
        [79.5, 29.7], [40.2, 29.0], [15.9, 29.4], [48.4, 62.7], [63.3, 76.0], [32.7, 76.2], [48.0, 72.9],
        [48.6, 79.0],
    ]
)  # fmt: skip


def some_faces(count: int, size: int = 96, people: int = 3) -> Faces:
    """`count` pictures of `size` x `size`, with landmarks that differ a little."""
    generator = torch.Generator().manual_seed(1)
    landmarks = MEAN_FACE.expand(count, NUM_LANDMARKS, 2) * (size / 96)
    landmarks = landmarks * 0.8 + 0.1 * size + torch.randn(count, 1, 2, generator=generator)
    return Faces(
        images=torch.rand(count, 3, size, size, generator=generator),
        identities=torch.arange(count) % people,
        landmarks=landmarks,
        boxes=torch.tensor([0.1, 0.1, 0.9, 0.9]).mul(size).expand(count, 4).clone(),
        pictures=torch.arange(count) + 1000,
        indices=torch.arange(count),
    )
