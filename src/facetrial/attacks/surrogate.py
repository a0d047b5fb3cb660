"""Transfer: a change is found on one recogniser, the surrogate, and judged on another that is never asked."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from facetrial.core.errors import FacetrialError
from facetrial.faces.batch import FaceDataset, Faces
from facetrial.faces.frames import cut_frames
from facetrial.recognition.foreign import as_victim, check_eval_mode


@dataclass
class View:
    """How a surrogate sees B pictures.

    Attributes:
        maps: (B, 2, 3), from pixels of the picture to pixels of the surrogate's crop.
        size: side of the surrogate's crop.
    """

    maps: Tensor
    size: int

    def __call__(self, rows: Tensor, pictures: Tensor) -> Tensor:
        """Crops (A, 3, size, size) of `pictures` (A, 3, H, W), which are those of `rows`; differentiable."""
        crops = cut_frames(pictures, self.maps[rows], self.size)
        # Interpolation may leave the range by a rounding; clipping there must not cut off the gradient.
        return crops + (crops.clamp(0.0, 1.0) - crops).detach()

    def select(self, rows: Tensor) -> "View":
        return View(self.maps[rows], self.size)


class Surrogate:
    """The recogniser that an attack asks in the victim's place.

    Args:
        victim: scores (B, C) from its own crops, in eval mode, of the same people in the same order.
        maps: from a picture's `picture_key` to the map (2, 3) from the victim's crop to the surrogate's; None where
            both see the same crop.
        size: side of the surrogate's crop; needed with `maps`.
    """

    def __init__(
        self, victim: nn.Module, maps: Mapping[int, np.ndarray] | None = None, size: int | None = None
    ) -> None:
        check_eval_mode(victim, "surrogate")
        if maps is not None and not size:
            raise FacetrialError("a surrogate with maps needs the size of its crop.")
        self.victim = victim
        self.maps = maps
        self.size = size

    def view(self, pictures: Tensor) -> View | None:
        """How it sees the pictures with these keys, int64 (B,); None where it sees them as they are.

        Raises:
            FacetrialError: there is no map for one of them.
        """
        if self.maps is None or self.size is None:
            return None
        keys = pictures.tolist()
        if missing := [key for key in keys if key not in self.maps]:
            raise FacetrialError(f"the surrogate has no crop of {len(missing)} of {len(keys)} pictures.")
        maps = torch.from_numpy(np.stack([self.maps[key] for key in keys])).float()
        return View(maps.to(pictures.device), self.size)

    def check(self, faces: Faces, people: int) -> None:
        """Raises FacetrialError unless it can be asked of `faces` in place of a victim that scores `people` people."""
        images, view = faces.images[:2], self.view(faces.pictures)
        if view is not None:
            images = view(torch.arange(len(images), device=images.device), images)
        _, known = as_victim(self.victim.to(images.device), images, "surrogate")
        if known != people:
            raise FacetrialError(
                f"the surrogate scores {known} people and the victim {people}; give one that knows the same people, in "
                "the same order."
            )


def maps_between(own: FaceDataset, other: FaceDataset) -> dict[int, np.ndarray]:
    """The map (2, 3) from the crop in `own` to that in `other` of each picture, by its `picture_key`.

    Both crops are affine images of one picture, so that the five points that both know fix the map; where no face
    was found in it, the boxes do.
    """
    places = {file: row for row, file in enumerate(other.files)}
    maps = {}
    for row, (file, key) in enumerate(zip(own.files, own.pictures.tolist(), strict=True)):
        there = places[file]
        source, target = own.five_points[row], other.five_points[there]
        if not (np.isfinite(source).all() and np.isfinite(target).all()):
            # Edges lie half a pixel from centres.
            source, target = (_corners(box) - 0.5 for box in (own.boxes[row], other.boxes[there]))
        source = np.concatenate([source, np.ones((len(source), 1))], axis=1).astype(np.float64)
        maps[key] = np.linalg.lstsq(source, target.astype(np.float64), rcond=None)[0].T
    return maps


def _corners(box: np.ndarray) -> np.ndarray:
    x0, y0, x1, y1 = box
    return np.array([[x0, y0], [x1, y0], [x0, y1], [x1, y1]])
