"""Photographs: what a face was cut from, and how a change to the crop is carried back into it."""

from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional as F

from facetrial.core.errors import FacetrialError


@dataclass(frozen=True)
class Photograph:
    """A picture as it was before a face was cut from it.

    Attributes:
        pixels: uint8 (H, W, 3), RGB.
        to_crop: float64 (2, 3), from pixels (x, y) of the photograph to those of the crop.
    """

    pixels: np.ndarray
    to_crop: np.ndarray

    def changed(self, change: np.ndarray) -> np.ndarray:
        """The photograph with a change of the crop carried back into it, uint8 (H, W, 3).

        Each pixel takes the change at its place in the crop, bilinear between the crop's pixels; outside the crop
        nothing changes, and what is not changed stays as sharp as it was photographed.

        Args:
            change: float32 (S, S, 3), in units of a byte.

        Raises:
            FacetrialError: another shape.
        """
        if change.ndim != 3 or change.shape[2] != 3:
            raise FacetrialError(f"change: expected shape (S, S, 3), found {change.shape}.")
        height, width = self.pixels.shape[:2]
        y, x = np.mgrid[:height, :width].astype(np.float64)
        places = np.stack([x, y], axis=-1) @ self.to_crop[:, :2].T + self.to_crop[:, 2]
        sides = np.array(change.shape[1::-1])  # width, height
        inside = ((places >= -0.5) & (places <= sides - 0.5)).all(-1)
        # grid_sample counts from -1 at the first pixel's centre to 1 at the last one's.
        grid = torch.from_numpy(2.0 * places / (sides - 1) - 1.0).float()[None]
        source = torch.from_numpy(np.ascontiguousarray(change, dtype=np.float32)).permute(2, 0, 1)[None]
        carried = F.grid_sample(source, grid, mode="bilinear", padding_mode="border", align_corners=True)
        carried = carried[0].permute(1, 2, 0).numpy() * inside[..., None]
        return np.clip(np.round(self.pixels + carried), 0, 255).astype(np.uint8)
