"""The recogniser of `tests.helpers.service` as a network of torch, and as one that scores people itself."""

import functools

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from facetrial.data.synthetic import SyntheticFaces
from tests.helpers.service import embed

_CELLS = 8


class Network(nn.Module):
    """Gives what `embed` gives, with slopes."""

    def forward(self, images: Tensor) -> Tensor:
        centred = images - images.mean((2, 3), keepdim=True)
        cells = F.avg_pool2d(centred, images.shape[-1] // _CELLS)
        return F.normalize(cells.permute(0, 2, 3, 1).flatten(1))


def score(pictures: np.ndarray) -> list[dict[str, float]]:
    """Scores of the four people of `tests.helpers.commands`, and of one more."""
    names, means = _drawn_people()
    cosines = (embed(pictures) @ means.T).tolist()
    return [{**dict(zip(names, scores, strict=True)), "Nobody": -9.0} for scores in cosines]


@functools.cache
def _drawn_people() -> tuple[list[str], np.ndarray]:
    """Their names, and the mean of what `embed` makes of their training pictures, (4, D)."""
    faces = SyntheticFaces(people=4, pictures=16, pictures_min=16, size=48)
    faces.setup()
    train = faces.train_faces
    images = train.batch(range(len(train))).images.permute(0, 2, 3, 1)
    vectors = embed(images.mul(255).round().to(torch.uint8).numpy())
    means = np.stack([vectors[train.identities == who].mean(0) for who in range(4)])
    return list(faces.names), means / np.linalg.norm(means, axis=1, keepdims=True)
