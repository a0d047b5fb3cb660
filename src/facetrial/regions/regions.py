"""Regions: where on the face a perturbation may go, as masks made from landmarks.

A region is called with landmarks and the picture's size and returns a mask (B, 1, H, W) in [0, 1]. A picture in
which none of the region's landmarks is known gets an empty mask: it is not attackable there.
"""

from abc import ABC, abstractmethod
from copy import copy
from typing import Annotated

import torch
from torch import Tensor

from facetrial.core.checked_settings import checked
from facetrial.core.errors import FacetrialError
from facetrial.core.exact_sums import exact_sum
from facetrial.core.randomness import Draws
from facetrial.core.settings import InsideShare, NotNegative, Positive, Unit
from facetrial.faces.frames import inter_eye_distance, pixel_centres
from facetrial.faces.landmark_names import LANDMARK_NAMES, indices
from facetrial.regions.masks import (
    check_landmarks,
    disc_mask,
    distance_to_nearest,
    ear_points,
    face_mask,
    radius_of_area,
)

_AREA_TOLERANCE = 0.02  # of the control's area


class Region(ABC):
    """Where.

    Attributes:
        needs_landmarks: whether landmarks have to be found for it.
        area: the share of the picture that it was asked to cover, or to be compared at; None: as large as it is.
    """

    needs_landmarks = True
    area: float | None = None

    @abstractmethod
    def __call__(self, landmarks: Tensor, height: int, width: int, draws: Draws) -> Tensor:
        """Mask (B, 1, H, W) in [0, 1] from landmarks (B, 15, 2) in pixels; `draws` is for regions of chance."""


_Area = Annotated[InsideShare, Unit("of the picture")] | None


class Everywhere(Region):
    """The whole picture.

    Args:
        area: that of the regions which it stands beside, so that it is found where they are compared at an equal
            area; it is the whole picture in any case.
    """

    needs_landmarks = False

    @checked("attack.region")
    def __init__(self, area: _Area = None) -> None:
        self.area = area

    def __call__(self, landmarks: Tensor, height: int, width: int, draws: Draws) -> Tensor:
        return torch.ones(len(landmarks), 1, height, width, device=landmarks.device)


class Discs(Region):
    """Discs around landmarks.

    Args:
        landmarks: which: prefixes of landmark names; "" is all of them.
        radius: of a disc, as a fraction of the inter-eye distance.
        softness: width of the disc's edge as a fraction of its radius; 0 is a hard edge.
        area: of all discs together, as a share of the picture: in each picture they grow or shrink together until
            they cover it, whatever `radius` says, unless all lie outside the picture. None leaves them as large as
            `radius` makes them.
    """

    @checked("attack.region")
    def __init__(
        self,
        landmarks: list[str] | str = "",
        radius: Annotated[Positive, Unit("inter-eye distances")] = 0.2,
        softness: Annotated[NotNegative, Unit("of the radius")] = 0.0,
        area: _Area = None,
    ) -> None:
        prefixes = [landmarks] if isinstance(landmarks, str) else list(landmarks)
        self.landmarks = indices(*prefixes)
        if not self.landmarks:
            raise FacetrialError(
                f"no landmark's name starts with any of {prefixes}; there are {', '.join(LANDMARK_NAMES)}."
            )
        self.radius = radius
        self.softness = softness
        self.area = area

    def centres(self, landmarks: Tensor) -> Tensor:
        """Centres (B, K, 2) of the discs, NaN = unknown, from landmarks (B, 15, 2)."""
        return landmarks[:, list(self.landmarks)]

    def __call__(self, landmarks: Tensor, height: int, width: int, draws: Draws) -> Tensor:
        check_landmarks(landmarks)
        distance = distance_to_nearest(self.centres(landmarks), height, width)
        radius = self.radius * inter_eye_distance(landmarks)
        if self.area is not None:
            wanted = torch.full_like(radius, self.area * height * width, dtype=torch.float64)
            grown = radius_of_area(distance, torch.ones_like(distance), wanted, self.softness)
            in_picture = distance.flatten(1).amin(1) <= radius.clamp(min=1.0)
            radius = torch.where(in_picture, grown, torch.nan)
        return disc_mask(distance, radius, self.softness)[:, None]


class Ears(Discs):
    """Discs on the ears, which Kaggle's points lack: where a head that is turned as eyes, nose and mouth say has them.

    An ear that the head hides has no disc, and one that lies outside the picture leaves none in it.
    """

    def __init__(
        self,
        radius: Annotated[Positive, Unit("inter-eye distances")] = 0.3,
        softness: Annotated[NotNegative, Unit("of the radius")] = 0.0,
        area: _Area = None,
    ) -> None:
        super().__init__("", radius, softness, area)

    def centres(self, landmarks: Tensor) -> Tensor:
        return ear_points(landmarks)


class Scattered(Region):
    """The control: as many discs, of the same area in total, at random places of the face outside `reference`.

    A picture whose face has no room left for that area gets an empty mask: a smaller control would be no control.

    Args:
        reference: the discs it is the control of.
        area: of the reference, as of any discs; None is what the reference says.
    """

    @checked("attack.region")
    def __init__(self, reference: Discs, area: _Area = None) -> None:
        self.reference = copy(reference)
        self.reference.area = self.area = reference.area if area is None else area

    def __call__(self, landmarks: Tensor, height: int, width: int, draws: Draws) -> Tensor:
        reference = self.reference(landmarks, height, width, draws)[:, 0]
        elsewhere = face_mask(landmarks, height, width) & (reference == 0)
        num_discs = (~self.reference.centres(landmarks).isnan().any(-1)).sum(1)
        radius = self.reference.radius * inter_eye_distance(landmarks)
        distance = self._distance_to_random_centres(elsewhere, num_discs, radius, draws)
        return self._of_equal_area(distance, elsewhere, exact_sum(reference))[:, None]

    def _distance_to_random_centres(
        self, elsewhere: Tensor, num_discs: Tensor, radius: Tensor, draws: Draws
    ) -> Tensor:
        """(B, H, W) pixels to the nearest of the random centres, which keep apart while there is room."""
        height, width = elsewhere.shape[1:]
        grid = pixel_centres(height, width, elsewhere.device)
        most = int(num_discs.max()) if len(num_discs) else 0
        uniform = draws.uniform((most, 3), "scattered centres")
        nearest = torch.full(elsewhere.shape, torch.inf, device=elsewhere.device)
        for number, (chance, *within_pixel) in enumerate(uniform.permute(1, 2, 0)):
            apart = elsewhere & (nearest > 2 * radius[:, None, None])
            free = torch.where(apart.flatten(1).any(1)[:, None, None], apart, elsewhere).flatten(1)
            running = free.cumsum(1)
            wanted = (chance * running[:, -1]).long() + 1
            place = torch.searchsorted(running, wanted[:, None]).clamp(max=free.shape[1] - 1)[:, 0]
            # Centres off the pixel grid: no two pixels are equally far, so that areas can be matched to a pixel.
            centre = grid.flatten(0, 1)[place] + torch.stack(within_pixel, dim=-1) - 0.5
            distance = (grid - centre[:, None, None]).norm(dim=-1)
            placed = (number < num_discs) & free.any(1)
            nearest = torch.where(placed[:, None, None], torch.minimum(nearest, distance), nearest)
        return nearest

    def _of_equal_area(self, distance: Tensor, elsewhere: Tensor, area: Tensor) -> Tensor:
        """Grows all discs of a picture together until they cover `area` pixels."""
        radius = radius_of_area(distance, elsewhere, area, self.reference.softness)
        mask = disc_mask(distance, radius, self.reference.softness) * elsewhere
        room = exact_sum(mask) >= (1 - _AREA_TOLERANCE) * area
        return mask * ((area > 0) & room)[:, None, None]
