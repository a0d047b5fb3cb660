"""The 3-D landmark model: where a person's features lie on the head, and where a camera sees them.

The head is an ellipsoid around the origin. Each feature lies in a small plane of its own, a `Frame`; everything in it,
drawing and landmarks alike, is given in the plane's coordinates, so a landmark is exactly where its feature is drawn.
Projection is orthographic. Pixels are named by their centres: (0, 0) is the middle of the first pixel.
"""

import torch
from torch import Tensor

from facetrial.data.rendering.conditions import Conditions
from facetrial.data.rendering.identities import People
from facetrial.faces.landmark_names import LANDMARK_NAMES

HEAD_DEPTH = 0.62


class Camera:
    """Sees heads under B conditions in square pictures of `size` pixels.

    Attributes:
        rotation: (B, 3, 3), from head coordinates to the camera's.
        to_pixels: (B, 2, 2) and origin (B, 2): pixels of a point (x, y) of the camera's coordinates.
    """

    def __init__(self, conditions: Conditions, size: int) -> None:
        self.size = size
        self.conditions = conditions
        c, zero, one = conditions, torch.zeros_like(conditions.yaw), torch.ones_like(conditions.yaw)
        cos_yaw, sin_yaw, cos_pitch, sin_pitch = c.yaw.cos(), c.yaw.sin(), c.pitch.cos(), c.pitch.sin()
        turn = torch.stack([cos_yaw, zero, sin_yaw, zero, one, zero, -sin_yaw, zero, cos_yaw], dim=1)
        nod = torch.stack([one, zero, zero, zero, cos_pitch, sin_pitch, zero, -sin_pitch, cos_pitch], dim=1)
        self.rotation = nod.view(-1, 3, 3) @ turn.view(-1, 3, 3)
        self.pixels_per_unit = c.scale * (size / 2)
        cos_roll, sin_roll = c.roll.cos(), c.roll.sin()
        lean = torch.stack([cos_roll, -sin_roll, sin_roll, cos_roll], dim=1).view(-1, 2, 2)
        self.to_pixels = lean * self.pixels_per_unit[:, None, None]
        self.origin = (torch.stack([c.shift_x, c.shift_y], dim=1) + 1.0) * (size / 2) - 0.5

    def project(self, points: Tensor) -> Tensor:
        """Pixels (B, 2) of points (B, 3) of the head."""
        seen = (self.rotation @ points[:, :, None])[:, :2]
        return (self.to_pixels @ seen)[:, :, 0] + self.origin

    def frame(self, anchor: Tensor, across: Tensor, down: Tensor) -> "Frame":
        """The plane through `anchor` along `across` and `down`, each (B, 3), as this camera sees it."""
        axes = self.to_pixels @ (self.rotation @ torch.stack([across, down], dim=2))[:, :2]
        return Frame(self.project(anchor), axes)

    def facing(self) -> "Frame":
        """The plane of the picture itself, in head units around the head's centre, leaning with the head."""
        return Frame(self.origin, self.to_pixels)


class Frame:
    """A plane on the head, seen in a picture: `centre` (B, 2) in pixels and `axes` (B, 2, 2), pixels per head unit."""

    def __init__(self, centre: Tensor, axes: Tensor) -> None:
        self.centre = centre
        self.axes = axes
        a, b, c, d = axes.flatten(1).unbind(1)
        self.inverse = torch.stack([d, -b, -c, a], dim=1).view(-1, 2, 2) / (a * d - b * c)[:, None, None]

    def pixels(self, x: Tensor | float, y: Tensor | float) -> Tensor:
        """Pixels (B, 2) of the point (x, y) of the plane."""
        x, y = (
            torch.as_tensor(value, device=self.centre.device).expand(len(self.centre)) for value in (x, y)
        )
        return (self.axes @ torch.stack([x, y], dim=1)[:, :, None])[:, :, 0] + self.centre


class FaceModel:
    """B people's features under B conditions: their frames, and the landmarks that follow.

    Attributes:
        eyes, brows, ears: frames (subject's left, right), x running outward from the face's middle.
        nose_base, mouth: frames, x to the picture's right when frontal.
        nose_bridge, nose_tip: pixels (B, 2).
    """

    def __init__(self, people: People, camera: Camera) -> None:
        self.people = people
        self.camera = camera
        p, c = people, camera.conditions
        self.eye_lift = -p.eye_tilt * p.eye_width  # y of the outer corner; the inner one is its opposite
        self.brow_lift = -p.brow_tilt * p.brow_width
        self.mouth_half_width = p.mouth_width * (1.0 + 0.14 * c.smile) * (1.0 - 0.06 * c.mouth_open)
        self.corner_y = -0.05 * c.smile
        self.gap_above = 0.012 * c.mouth_open
        self.gap_below = 0.075 * c.mouth_open
        self.brow_height = p.brow_y + 0.03 * c.brow_raise
        # A lip profile is lower in the middle than beside it: Cupid's bow.
        self.top_lip_y = -self.gap_above - 0.8 * p.upper_lip
        self.bottom_lip_y = self.gap_below + p.lower_lip
        middle = torch.zeros_like(p.eye_x)
        self.eyes = [self._on_head(side * p.eye_x, p.eye_y, side, 0.0) for side in (1, -1)]
        self.brows = [
            self._on_head(side * 1.08 * p.eye_x, p.eye_y - self.brow_height, side, 0.02) for side in (1, -1)
        ]
        self.lenses = [
            self._on_head(side * p.eye_x * 1.04, p.eye_y + 0.02, side, 0.06, bend=0.25) for side in (1, -1)
        ]
        self.ears = [self._ear(side) for side in (1, -1)]
        self.mole = self._on_head(p.mole_x, p.mole_y, 1, 0.0)
        self.nose_base = self._on_head(middle, p.nose_y + 0.045, 1, 0.05)
        self.mouth = self._on_head(middle, p.mouth_y, 1, 0.02)
        self.nose_bridge = camera.project(self._surface(middle, p.eye_y - 0.02, -0.01))
        self.nose_tip = camera.project(self._surface(middle, p.nose_y, p.nose_depth))

    def _surface(self, x: Tensor, y: Tensor, out: Tensor | float) -> Tensor:
        """(B, 3): the head's surface in front of (x, y), moved `out` towards the camera."""
        inside = 1.0 - (x / self.people.head_width) ** 2 - (y / self.people.head_height) ** 2
        return torch.stack([x, y, HEAD_DEPTH * inside.clamp(min=0.05).sqrt() + out], dim=1)

    def _on_head(self, x: Tensor, y: Tensor, side: int, out: float, bend: float = 0.55) -> Frame:
        """A frame on the surface; faces are flatter than ellipsoids, so it takes a share `bend` of their slope."""
        anchor = self._surface(x, y, 0.0)
        slope_x = -bend * x * (HEAD_DEPTH / self.people.head_width) ** 2 / anchor[:, 2]
        slope_y = -bend * y * (HEAD_DEPTH / self.people.head_height) ** 2 / anchor[:, 2]
        zero, one = torch.zeros_like(x), torch.ones_like(x)
        across = torch.stack([one, zero, slope_x], dim=1) * side
        anchor[:, 2] += out
        return self.camera.frame(anchor, across, torch.stack([zero, one, slope_y], dim=1))

    def _ear(self, side: int) -> Frame:
        p = self.people
        zero, one = torch.zeros_like(p.eye_x), torch.ones_like(p.eye_x)
        anchor = torch.stack([side * (p.head_width + 0.3 * p.ear_out), p.eye_y + 0.10, zero - 0.08], dim=1)
        across = torch.stack([side * one, zero, -0.75 * one], dim=1)
        return self.camera.frame(anchor, across, torch.stack([zero, one, zero], dim=1))

    def landmarks(self) -> Tensor:
        """float32 (B, 15, 2), pixels, in the order of LANDMARK_NAMES."""
        p = self.people
        points = {
            "nose_tip": self.nose_tip,
            "mouth_left_corner": self.mouth.pixels(self.mouth_half_width, self.corner_y),
            "mouth_right_corner": self.mouth.pixels(-self.mouth_half_width, self.corner_y),
            "mouth_center_top_lip": self.mouth.pixels(0.0, self.top_lip_y),
            "mouth_center_bottom_lip": self.mouth.pixels(0.0, self.bottom_lip_y),
        }
        for side, eye, brow in zip(("left", "right"), self.eyes, self.brows, strict=True):
            points[f"{side}_eye_center"] = eye.pixels(0.0, 0.0)
            points[f"{side}_eye_inner_corner"] = eye.pixels(-p.eye_width, -self.eye_lift)
            points[f"{side}_eye_outer_corner"] = eye.pixels(p.eye_width, self.eye_lift)
            points[f"{side}_eyebrow_inner_end"] = brow.pixels(-p.brow_width, -self.brow_lift)
            points[f"{side}_eyebrow_outer_end"] = brow.pixels(p.brow_width, self.brow_lift)
        return torch.stack([points[name] for name in LANDMARK_NAMES], dim=1)

    def ear_points(self) -> Tensor:
        """float32 (B, 2, 2), pixels: the subject's left ear, then the right."""
        middle = 0.35 * (self.people.ear_out + 0.045)  # of what shows beside the head
        return torch.stack([ear.pixels(middle, 0.0) for ear in self.ears], dim=1)
