"""How alike two framed faces are: whitened histograms of gradients, which tell people apart better than pixels do."""

import math

import numpy as np
import torch
from sklearn.decomposition import PCA
from torch import Tensor
from torch.nn import functional as F

from facetrial.data.framed import Frames
from facetrial.data.keypoints_csv import LOWER_LIP
from facetrial.faces.frames import cut_frames, identity_transforms, mean_shape, similarity_transforms
from facetrial.faces.landmark_names import LEFT_EYE, NOSE_TIP, RIGHT_EYE

_NEARLY_ALWAYS = [LEFT_EYE, RIGHT_EYE, NOSE_TIP, LOWER_LIP]  # that nearly every row of Kaggle's has
_DIRECTIONS, _CELL, _MARGIN = 9, 8, 8  # of the histograms, in pixels
_DIMENSIONS, _FACES_FOR_EACH = 200, 8  # that are whitened, and faces that it takes to learn one
_FEWEST_DIMENSIONS = 50  # fewer would make strangers alike
_FEWEST_FACES = 16  # fewer may be of one person, whom their mean would take away
_AT_ONCE = 256


def likeness(frames: Frames) -> tuple[np.ndarray, np.ndarray]:
    """A vector (N, D) for each frame, alike for pictures of one person taken alike, and that of its mirror image.

    Faces are brought to the mean shape by their labels, so that they agree in more than how they were cut. What
    describes them are histograms of gradients (Dalal and Triggs, 2005); whitening takes away what all faces share,
    where there are enough of them to learn it.
    """
    aligned = _aligned(frames)
    parts = [gradient_histograms(part) for part in aligned.split(_AT_ONCE)]
    histograms, mirrored = torch.cat(parts).numpy(), torch.cat([*map(_mirrored, parts)]).numpy()
    dimensions = min(_DIMENSIONS, len(histograms) // _FACES_FOR_EACH)
    if dimensions < _FEWEST_DIMENSIONS:
        shared = histograms.mean(0) if len(histograms) >= _FEWEST_FACES else np.float32(0.0)
        return histograms - shared, mirrored - shared
    whitened = PCA(dimensions, whiten=True, random_state=0)
    return whitened.fit_transform(histograms), whitened.transform(mirrored)


def _aligned(frames: Frames) -> Tensor:
    """Faces (N, 1, 96, 96) at the mean shape, in [0, 1]; as they are, where a point is unknown that nearly all have."""
    images = frames.images.float() / 255.0
    points = frames.landmarks[:, _NEARLY_ALWAYS]
    known = ~points.isnan().flatten(1).any(1)
    transforms = identity_transforms(images).clone()
    transforms[known] = similarity_transforms(points[known], mean_shape(points)[_NEARLY_ALWAYS])
    return cut_frames(images, transforms)


def gradient_histograms(images: Tensor) -> Tensor:
    """Histograms (B, D) of the gradients of grey pictures (B, 1, S, S), in cells that overlap by half.

    A pixel votes by the length of its gradient, shared between the two nearest directions; each cell is measured
    against those around it, and its square root taken.
    """
    across = F.pad(images[..., 2:] - images[..., :-2], (1, 1))
    down = F.pad(images[:, :, 2:] - images[:, :, :-2], (0, 0, 1, 1))
    length = (across.square() + down.square()).sqrt()
    place = torch.atan2(down, across) % math.pi / math.pi * _DIRECTIONS
    share, first = place - place.floor(), place.floor().long() % _DIRECTIONS
    votes = images.new_zeros(len(images), _DIRECTIONS, *images.shape[-2:])
    votes.scatter_add_(1, first, length * (1 - share))
    votes.scatter_add_(1, (first + 1) % _DIRECTIONS, length * share)
    inside = slice(_MARGIN, -_MARGIN)
    cells = F.avg_pool2d(votes[:, :, inside, inside], _CELL, _CELL // 2)
    energy = cells.square().sum(1, keepdim=True)
    around = F.avg_pool2d(energy, 3, 1, 1, count_include_pad=False).sqrt() + 0.01
    return (cells / around).sqrt().flatten(1)


def _mirrored(histograms: Tensor) -> Tensor:
    """The histograms (B, D) of mirror images: cells change sides, and directions turn about the vertical."""
    side = math.isqrt(histograms.shape[1] // _DIRECTIONS)
    directions = [-direction % _DIRECTIONS for direction in range(_DIRECTIONS)]
    return histograms.unflatten(1, (_DIRECTIONS, side, side))[:, directions].flip(-1).flatten(1)
