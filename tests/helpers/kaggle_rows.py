"""Rows of Facial Keypoints, and faces with near copies among them."""

import numpy as np
import pandas as pd
import torch

from facetrial.data.framed import Frames
from facetrial.data.keypoints_csv import COLUMNS
from facetrial.faces.frames import MEAN_SHAPE


def faces(count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Pictures uint8 (count, 96, 96) of soft spots, and landmarks (count, 15, 2) near the mean shape."""
    generator = np.random.default_rng(seed)
    coarse = torch.from_numpy(generator.random((count, 1, 12, 12)))
    smooth = torch.nn.functional.interpolate(coarse, size=(96, 96), mode="bicubic").clamp(0, 1)
    landmarks = np.array(MEAN_SHAPE) + generator.normal(0, 1, (count, 15, 2))
    return (smooth[:, 0] * 255).byte().numpy(), landmarks.round(3)


def table(pictures: np.ndarray, landmarks: np.ndarray) -> pd.DataFrame:
    """Rows as Kaggle writes them."""
    rows = pd.DataFrame(landmarks.reshape(len(pictures), 30), columns=list(COLUMNS))
    rows["Image"] = [" ".join(map(str, picture.ravel())) for picture in pictures]
    return rows


def planted(count: int, copies: int) -> tuple[Frames, np.ndarray]:
    """Faces, each with near copies: darker, noisier and shifted by a pixel or two; and which belong together."""
    pictures, landmarks = faces(count)
    generator = np.random.default_rng(1)
    images, points, groups = [], [], []
    for person in range(count):
        for _ in range(copies):
            shift = generator.integers(-2, 3, 2)
            moved = np.roll(pictures[person], shift[::-1], (0, 1)) * generator.uniform(0.6, 1.0)
            images.append((moved + generator.normal(0, 3, moved.shape)).clip(0, 255).astype(np.uint8))
            points.append(landmarks[person] + shift)
            groups.append(person)
    order = generator.permutation(len(images))
    frames = Frames(
        torch.from_numpy(np.stack(images))[order][:, None],
        torch.from_numpy(np.stack(points)).float()[order],
    )
    return frames, np.array(groups)[order]
