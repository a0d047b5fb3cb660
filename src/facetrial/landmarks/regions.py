"""Regions: where on the face a perturbation may go, as masks made from landmarks.

A region is called with landmarks and the picture's size and returns a mask (B, 1, H, W) in [0, 1]. A picture in
which none of the region's landmarks is known gets an empty mask: it is not attackable there.
"""

from abc import ABC, abstractmethod

import torch
from torch import Tensor

from facetrial.attacks.exact import exact_sum
from facetrial.errors import FacetrialError
from facetrial.landmarks.points import (
    LANDMARK_NAMES,
    LEFT_EYE,
    MOUTH,
    NOSE_TIP,
    NUM_LANDMARKS,
    RIGHT_EYE,
    indices,
)
from facetrial.randomness import Draws

# Ears lie outward of the eyes' centres on the line of the eyes (a share of the inter-eye distance, and more on the
# side that the nose turns away from) and down towards the mouth (a share of the way there). Fitted by least squares
# to the exact ears of 2,000 drawn faces: median distance 0.11, 95 % within 0.24 of the inter-eye distance.
EAR_OUTWARD = 0.70
EAR_TURN = 3.8
EAR_DOWN = 0.2
LARGEST_TURN = 0.25
_AREA_TOLERANCE = 0.02  # of the control's area


def inter_eye_distance(landmarks: Tensor) -> Tensor:
    """Pixels between the eye centres, (B,), from landmarks (B, 15, 2); NaN where an eye is unknown."""
    return (landmarks[:, LEFT_EYE] - landmarks[:, RIGHT_EYE]).norm(dim=-1)


def known_mean(points: Tensor) -> Tensor:
    """Mean over the known points, (B, 2), of points (B, K, 2); NaN where none is known."""
    known = ~points.isnan().any(-1, keepdim=True)
    return points.nan_to_num(0.0).mul(known).sum(1) / known.sum(1)


def ear_points(landmarks: Tensor) -> Tensor:
    """The ears, (B, 2, 2), left then right, extrapolated from eyes, nose and mouth of landmarks (B, 15, 2).

    How far the head is turned shows in how far the nose stands from the middle of the eyes; where the nose is
    unknown the face counts as frontal.
    """
    left_eye, right_eye = landmarks[:, LEFT_EYE], landmarks[:, RIGHT_EYE]
    middle = (left_eye + right_eye) / 2
    across = left_eye - right_eye
    down = known_mean(landmarks[:, list(MOUTH)]) - middle
    nose = torch.where(landmarks[:, NOSE_TIP].isnan(), middle, landmarks[:, NOSE_TIP])
    turn = ((nose - middle) * across).sum(-1, keepdim=True) / across.square().sum(-1, keepdim=True)
    turn = turn.clamp(-LARGEST_TURN, LARGEST_TURN)
    left = left_eye + (EAR_OUTWARD - EAR_TURN * turn) * across + EAR_DOWN * down
    right = right_eye - (EAR_OUTWARD + EAR_TURN * turn) * across + EAR_DOWN * down
    return torch.stack([left, right], dim=1)


def pixel_centres(height: int, width: int, device: torch.device | None = None) -> Tensor:
    """(H, W, 2) float32: the (x, y) of each pixel. A landmark at (3, 5) is the pixel in column 3, row 5."""
    y, x = torch.meshgrid(
        torch.arange(height, dtype=torch.float32, device=device),
        torch.arange(width, dtype=torch.float32, device=device),
        indexing="ij",
    )
    return torch.stack([x, y], dim=-1)


def distance_to_nearest(points: Tensor, height: int, width: int) -> Tensor:
    """Pixels from each pixel to the nearest known point, (B, H, W); infinite where no point is known.

    Args:
        points: (B, K, 2) in pixels; NaN = unknown.
    """
    grid = pixel_centres(height, width, points.device)
    nearest = points.new_full((len(points), height, width), torch.inf)
    for point in points.unbind(1):
        squared = ((grid - point[:, None, None]) ** 2).sum(-1)
        nearest = torch.minimum(nearest, squared.nan_to_num(torch.inf))
    return nearest.sqrt()


def disc_mask(distance: Tensor, radius: Tensor, softness: float) -> Tensor:
    """Mask in [0, 1]: 1 inside `radius`, falling to 0 over `softness` x radius around it (0 = a hard edge).

    Args:
        distance: (B, H, W) pixels to the nearest centre.
        radius: (B,) pixels; NaN gives an empty mask.
    """
    radius = radius[:, None, None]
    if softness == 0:
        return (distance <= radius).float()
    ramp = (radius * (1 + softness / 2) - distance) / (radius * softness)
    return ramp.clamp(0.0, 1.0).nan_to_num(0.0)


def radius_of_area(distance: Tensor, allowed: Tensor, area: Tensor, softness: float) -> Tensor:
    """The smallest radius (B,) at which discs cover `area` pixels, or all that is allowed; by bisection.

    Args:
        distance: (B, H, W) pixels to the nearest centre.
        allowed: (B, H, W), 0 where the discs do not count.
        area: (B,) pixels.
        softness: as in `disc_mask`.
    """
    low = torch.zeros(len(distance), device=distance.device)
    high = torch.full_like(low, float(sum(distance.shape[1:])))
    for _ in range(40):
        middle = (low + high) / 2
        enough = exact_sum(disc_mask(distance, middle, softness) * allowed) >= area
        low, high = torch.where(enough, low, middle), torch.where(enough, middle, high)
    return high


class Region(ABC):
    """Where. `needs_landmarks` tells whether landmarks have to be found for it."""

    needs_landmarks = True

    @abstractmethod
    def __call__(self, landmarks: Tensor, height: int, width: int, draws: Draws) -> Tensor:
        """Mask (B, 1, H, W) in [0, 1] from landmarks (B, 15, 2) in pixels; `draws` is for regions of chance."""


class Everywhere(Region):
    """The whole picture."""

    needs_landmarks = False

    def __call__(self, landmarks: Tensor, height: int, width: int, draws: Draws) -> Tensor:
        return torch.ones(len(landmarks), 1, height, width, device=landmarks.device)


class Discs(Region):
    """Discs around landmarks.

    Args:
        landmarks: which: prefixes of landmark names; "" is all of them.
        radius: of a disc, as a fraction of the inter-eye distance.
        softness: width of the disc's edge as a fraction of its radius; 0 is a hard edge.
        area: of all discs together, as a share of the picture: in each picture they grow or shrink together until
            they cover it, whatever `radius` says. None leaves them as large as `radius` makes them.
    """

    def __init__(
        self,
        landmarks: list[str] | str = "",
        radius: float = 0.2,
        softness: float = 0.0,
        area: float | None = None,
    ) -> None:
        prefixes = [landmarks] if isinstance(landmarks, str) else list(landmarks)
        self.landmarks = indices(*prefixes)
        if not self.landmarks:
            raise FacetrialError(
                f"no landmark's name starts with any of {prefixes}; there are {', '.join(LANDMARK_NAMES)}."
            )
        if radius <= 0 or softness < 0:
            raise FacetrialError(
                f"a region's radius must be positive and its softness not negative, found {radius} and {softness}."
            )
        if area is not None and not 0 < area < 1:
            raise FacetrialError(
                f"attack.region.area must lie between 0 and 1, a share of the picture; found {area}."
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
            radius = torch.where(radius.isnan() | distance.isinf().flatten(1).all(1), torch.nan, grown)
        return disc_mask(distance, radius, self.softness)[:, None]


class Ears(Discs):
    """Discs on the ears, which Kaggle's points lack: extrapolated from eyes, brows, nose and mouth."""

    def __init__(self, radius: float = 0.3, softness: float = 0.0, area: float | None = None) -> None:
        super().__init__("", radius, softness, area)

    def centres(self, landmarks: Tensor) -> Tensor:
        return ear_points(landmarks)


def face_mask(landmarks: Tensor, height: int, width: int) -> Tensor:
    """The face as an ellipse from hairline to chin, (B, H, W) bool, from landmarks (B, 15, 2)."""
    middle = (landmarks[:, LEFT_EYE] + landmarks[:, RIGHT_EYE]) / 2
    across = landmarks[:, LEFT_EYE] - landmarks[:, RIGHT_EYE]
    upright = torch.stack([-across[:, 1], across[:, 0]], dim=-1)
    down = known_mean(landmarks[:, list(MOUTH)]) - middle
    down = torch.where(down.isnan(), upright, down)
    centre = middle + 0.375 * down
    offset = pixel_centres(height, width, landmarks.device) - centre[:, None, None]
    along_x = (offset * across[:, None, None]).sum(-1) / (across**2).sum(-1)[:, None, None]
    along_y = (offset * down[:, None, None]).sum(-1) / (down**2).sum(-1)[:, None, None]
    return (along_x / 1.2) ** 2 + (along_y / 1.4) ** 2 <= 1.0


class Scattered(Region):
    """The control: as many discs, of the same area in total, at random places of the face outside `reference`.

    A picture whose face has no room left for that area gets an empty mask: a smaller control would be no control.

    Args:
        reference: the discs it is the control of.
    """

    def __init__(self, reference: Discs) -> None:
        self.reference = reference

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


def check_landmarks(landmarks: Tensor) -> None:
    """Raises FacetrialError unless landmarks are (B, 15, 2)."""
    if landmarks.ndim != 3 or landmarks.shape[1:] != (NUM_LANDMARKS, 2):
        raise FacetrialError(
            f"landmarks must have shape (B, {NUM_LANDMARKS}, 2), found {tuple(landmarks.shape)}."
        )
