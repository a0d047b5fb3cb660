"""Drawn heads at all turns, with what of them is seen: exact ears, and where the skin of the face is."""

from dataclasses import dataclass

import torch
from torch import Tensor

from facetrial.data.rendering.canvas import Canvas
from facetrial.data.rendering.conditions import draw_conditions
from facetrial.data.rendering.face_model import Camera, FaceModel
from facetrial.data.rendering.head import HeadSurface, _paint_hair
from facetrial.data.rendering.identities import draw_people

FARTHEST = 0.5  # yaw, radians, as far as the renderer turns heads


@dataclass(frozen=True)
class DrawnHeads:
    """B heads.

    Attributes:
        yaw: (B,) radians, evenly from one side to the other; pitch and roll are the renderer's own.
        landmarks: (B, 15, 2) pixels.
        ears: (B, 2, 2) pixels, the exact ones, left then right.
        seen: (B, 2) bool, whether the head leaves the middle of an ear to be seen.
        skin: (B, H, W) bool, the pixels of the head that no hair covers.
    """

    yaw: Tensor
    landmarks: Tensor
    ears: Tensor
    seen: Tensor
    skin: Tensor


def heads_at_all_turns(count: int, size: int = 96) -> DrawnHeads:
    """One picture of each of `count` people."""
    people = torch.arange(count)
    conditions = draw_conditions(0, people, torch.zeros_like(people))
    conditions.yaw = torch.linspace(-FARTHEST, FARTHEST, count)
    face = FaceModel(draw_people(0, people), Camera(conditions, size))
    patch = Canvas(torch.zeros(count, 3, size, size)).whole(face.camera.facing())
    surface = HeadSurface(patch, face)
    head = patch.inside(surface.outline)
    hair = _paint_hair(patch, face, surface, head)
    ears = face.ear_points()
    return DrawnHeads(
        conditions.yaw, face.landmarks(), ears, _beside_the_head(face, ears), (head > 0.5) & (hair < 0.5)
    )


def _beside_the_head(face: FaceModel, points: Tensor) -> Tensor:
    """(B, K) bool: whether points (B, K, 2) in pixels lie outside the head's outline."""
    facing = face.camera.facing()
    x, y = ((points - facing.centre[:, None]) @ facing.inverse.mT)[:, :, None].unbind(3)
    place = type("Place", (), {"x": x, "y": y})
    return HeadSurface(place, face).outline[:, :, 0] > 0
