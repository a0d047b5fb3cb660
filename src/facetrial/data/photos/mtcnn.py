"""MTCNN: faces and five points in each.

Zhang et al., "Joint Face Detection and Alignment using Multi-task Cascaded Convolutional Networks", 2016,
with the weights that facenet-pytorch ships.
"""

from importlib.metadata import version

import numpy as np
import torch
from facenet_pytorch import MTCNN

THRESHOLDS = (0.6, 0.7, 0.7)
PYRAMID_FACTOR = 0.709
NAME = f"mtcnn {version('facenet-pytorch')}"
# What detections depend on, beside the search.
SETTINGS = f"thresholds {THRESHOLDS} factor {PYRAMID_FACTOR}"


class Mtcnn:
    """Finds faces by MTCNN."""

    def __init__(self) -> None:
        # Building a network draws from torch's generator, which must not depend on what was cached.
        with torch.random.fork_rng(devices=[]):
            self.network = MTCNN(thresholds=list(THRESHOLDS), factor=PYRAMID_FACTOR, select_largest=False)

    def find(self, pictures: np.ndarray, smallest: int) -> list[tuple[np.ndarray, np.ndarray]]:
        """Boxes (F, 4) and five points (F, 5, 2) of the faces of each picture; see `detection.Detector`."""
        self.network.min_face_size = max(20, smallest)
        # facenet-pytorch fails where no face fits, as in a strip; as it computes that, rounded, 47 of 47 pixels do not.
        if min(pictures.shape[1:3]) * (12.0 / self.network.min_face_size) < 12:
            return [_NONE] * len(pictures)
        with torch.inference_mode():
            found_boxes, _, found_points = self.network.detect(pictures, landmarks=True)
        return [
            _NONE if boxes is None else (np.asarray(boxes, np.float32), np.asarray(points, np.float32))
            for boxes, points in zip(found_boxes, found_points, strict=True)
        ]


_NONE = (np.zeros((0, 4), np.float32), np.zeros((0, 5, 2), np.float32))
