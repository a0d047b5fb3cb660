"""How far found landmarks lie from labelled ones: RMSE in pixels, with intervals over pictures."""

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from facetrial.data.framed import Frames
from facetrial.faces.landmark_names import LANDMARK_NAMES
from facetrial.landmarks.inference import find_in_frames
from facetrial.statistics.intervals import quantile

_AT_ONCE = 128


@dataclass(frozen=True)
class Rmse:
    """A root mean square over coordinates, as Kaggle scores, in pixels of the frame of 96.

    Attributes:
        value: None where nothing is labelled.
        low, high: ends of its 95 % interval over pictures; None where fewer than two have a label.
        n: labelled points.
        pictures: that have one.
    """

    value: float | None
    low: float | None
    high: float | None
    n: int
    pictures: int

    @classmethod
    def of(cls, errors: Tensor) -> "Rmse":
        """Of errors (N, K, 2), NaN where nothing is labelled.

        The mean square is a ratio of sums over pictures, and its error the jackknife's of such a ratio to first order
        (Cochran, Sampling techniques, 1977); squares being skewed, the interval is that of its logarithm.
        """
        squares = errors.double().square().nan_to_num(0.0).sum((1, 2)).numpy()
        counts = errors.isfinite().sum((1, 2)).numpy()
        pictures, n = int((counts > 0).sum()), int(counts.sum())
        if n == 0:
            return cls(None, None, None, 0, 0)
        mean = squares.sum() / n
        value = math.sqrt(mean)
        if pictures < 2 or mean == 0:
            return cls(value, None, None, n // 2, pictures)
        error = math.sqrt(np.square(squares - mean * counts).sum() * pictures / (pictures - 1)) / n
        half = quantile(pictures - 1) * error / mean / 2
        return cls(value, value * math.exp(-half), value * math.exp(half), n // 2, pictures)


def find_all(network: nn.Module, frames: Frames) -> Tensor:
    """Landmarks (N, 15, 2) in all frames, by the network in eval mode."""
    device = next(network.parameters()).device
    with torch.no_grad():
        parts = [
            find_in_frames(network, part.to(device).float() / 255.0).cpu()
            for part in frames.images.split(_AT_ONCE)
        ]
    return torch.cat(parts)


def score(found: Tensor, frames: Frames) -> dict[str, Rmse]:
    """The RMSE of found landmarks (N, 15, 2), under "all" and each landmark's name."""
    errors = found - frames.landmarks
    parts = {"all": errors} | {name: errors[:, [i]] for i, name in enumerate(LANDMARK_NAMES)}
    return {name: Rmse.of(part) for name, part in parts.items()}


def worst_first(found: Tensor, frames: Frames) -> Tensor:
    """The numbers (N,) of the frames, those with the largest RMSE of their own first, those without labels last."""
    squares = (found - frames.landmarks).square()
    return squares.nanmean((1, 2)).nan_to_num(-1.0).argsort(descending=True, stable=True)
