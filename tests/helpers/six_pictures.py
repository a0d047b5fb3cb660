"""Four small pictures out of six, and batches that are to be the same."""

import numpy as np
import torch

from facetrial.faces.batch import FaceDataset, Faces


def dataset(**changes) -> FaceDataset:
    """Four pictures out of six, in another order; picture i of the six is as bright as i."""
    generator = np.random.default_rng(0)
    parts = {
        "pixels": np.arange(6, dtype=np.uint8)[:, None, None, None].repeat(4, 1).repeat(5, 2).repeat(3, 3),
        "rows": np.array([5, 0, 3, 1]),
        "identities": np.array([1, 0, 1, 0]),
        "files": ["b/5", "a/0", "b/3", "a/1"],
        "names": ["a", "b"],
        "landmarks": generator.random((4, 15, 2), dtype=np.float32),
        "boxes": generator.random((4, 4), dtype=np.float32),
        "five_points": generator.random((4, 5, 2), dtype=np.float32),
    }
    return FaceDataset(**(parts | changes))


def assert_same(left: Faces, right: Faces) -> None:
    for name, value in vars(left).items():
        assert torch.equal(value, getattr(right, name)), name
