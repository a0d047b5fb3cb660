"""Masks and distances that regions are made of, from points in pixels."""

import torch
from torch import Tensor

from facetrial.core.errors import FacetrialError
from facetrial.core.exact_sums import exact_sum
from facetrial.faces.frames import pixel_centres
from facetrial.faces.head import MOUTH_DOWN, Head
from facetrial.faces.landmark_names import NUM_LANDMARKS

# Ears lie beside the head: as far out as the distances between the eyes and from these to the mouth say together, a
# little lower than the eyes, and behind them by 2.8 times what the nose stands out. That is between least squares over
# drawn heads (3.4) and over 43 ears of turned heads marked by hand in LFW (2.7); the lengths that Head cites give 2.4
# for the tragi, and the middles of ears lie a little further back.
EAR_OUT = (0.84, 0.42)
EAR_DOWN = 0.26
EAR_BEHIND = 1.4
# The cheek hides the middle of the ear on the far side from this tangent of the yaw on: right for 96 % of drawn ears.
EAR_HIDDEN = 0.2

FACE_BEFORE = -0.4  # the outline of a face lies behind its eyes


def ear_points(landmarks: Tensor) -> Tensor:
    """The middles of the ears, (B, 2, 2), left then right, from eyes, nose and mouth of landmarks (B, 15, 2).

    NaN where the head hides an ear, or an eye is unknown.
    """
    head = Head.of(landmarks)
    out = EAR_OUT[0] + EAR_OUT[1] * head.down.norm(dim=1) / head.across.norm(dim=1)
    places = torch.stack([out, torch.full_like(out, EAR_DOWN), torch.full_like(out, -EAR_BEHIND)], dim=1)
    both = head.pixels(torch.stack([places, places * places.new_tensor((-1.0, 1.0, 1.0))], dim=1))
    hidden = torch.stack([head.turn > EAR_HIDDEN, head.turn < -EAR_HIDDEN], dim=1)
    return both.masked_fill(hidden[..., None], torch.nan)


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


def face_mask(landmarks: Tensor, height: int, width: int) -> Tensor:
    """The face as an ellipse from hairline to chin, (B, H, W) bool, from landmarks (B, 15, 2)."""
    places = pixel_centres(height, width, landmarks.device).view(1, -1, 2)
    x, y = Head.of(landmarks).surface(places, before=FACE_BEFORE).unbind(2)
    inside = (x / 1.2) ** 2 + ((y / MOUTH_DOWN - 0.375) / 1.4) ** 2 <= 1.0
    return inside.unflatten(1, (height, width))


def check_landmarks(landmarks: Tensor) -> None:
    """Raises FacetrialError unless landmarks are (B, 15, 2)."""
    if landmarks.ndim != 3 or landmarks.shape[1:] != (NUM_LANDMARKS, 2):
        raise FacetrialError(
            f"landmarks must have shape (B, {NUM_LANDMARKS}, 2), found {tuple(landmarks.shape)}."
        )
