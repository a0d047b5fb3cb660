"""A dataset of coloured pictures of three people."""

import numpy as np

from facetrial.faces.batch import FaceDataset
from tests.helpers.victims import pictures

PEOPLE = 6


def dataset(count, seed):
    images, identities = pictures(count, PEOPLE, seed)
    pixels = images.mul(255).round().byte().permute(0, 2, 3, 1).numpy()
    return FaceDataset(
        pixels=pixels,
        rows=np.arange(count),
        identities=identities.numpy(),
        files=[str(i) for i in range(count)],
        names=[f"Person {i}" for i in range(PEOPLE)],
        landmarks=np.full((count, 15, 2), np.nan, np.float32),
        boxes=np.zeros((count, 4), np.float32),
        five_points=np.full((count, 5, 2), np.nan, np.float32),
    )
