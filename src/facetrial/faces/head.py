"""How a head is turned, from its landmarks, and where in the picture its points lie.

A point of the head is (x, y, z) in inter-eye distances: the origin midway between the eyes, x towards the subject's
left eye, y down the face, z ahead. Seen from afar it lies at middle + x across + y down + z ahead, whatever the yaw,
pitch and roll. Eyes and mouth give `across` and `down`; the nose, which stands out from their plane, gives `ahead`.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from facetrial.faces.landmark_names import LEFT_EYE, MOUTH, MOUTH_LEFT, MOUTH_RIGHT, NOSE_TIP, RIGHT_EYE

# A face's length from eyes to mouth, where the tip of the nose lies on the way, and how far it stands out: from the
# mean shape of Kaggle's faces, and from "Three-dimensional methodology for photogrammetric acquisition of the soft
# tissues of the face", Progress in Orthodontics 14:32, 2013, table 2: from the middle of the tragi 104 mm to the tip of
# the nose, 88 to its root and 94 to the upper lip, where pupils are 57 mm and tragi 131 mm apart.
MOUTH_DOWN = 1.09
NOSE_DOWN = 0.55 * MOUTH_DOWN
NOSE_AHEAD = 0.5
# Noses differ in length more than heads nod: of what a nose shows of the nodding, this share is believed.
_NOD = 0.3
_MOST_TURNED = 2.0  # tangent of 63 degrees: an eye is hidden, and what was found in its place says little


@dataclass(frozen=True)
class Head:
    """B heads in pictures, (B, 2) in pixels each; NaN where an eye is unknown.

    Where the mouth is unknown the head counts as upright on the line of the eyes, and where the nose is unknown as
    facing the camera.

    Attributes:
        middle: between the eyes.
        across, down, ahead: where one inter-eye distance to the subject's left, down the face and out of it leads.
        turn: (B,), the tangent of the yaw, > 0 where the subject's right side is towards the camera.
    """

    middle: Tensor
    across: Tensor
    down: Tensor
    ahead: Tensor
    turn: Tensor

    @classmethod
    def of(cls, landmarks: Tensor) -> "Head":
        """From landmarks (B, 15, 2) in pixels."""
        left_eye, right_eye, nose = (landmarks[:, point] for point in (LEFT_EYE, RIGHT_EYE, NOSE_TIP))
        middle, across = (left_eye + right_eye) / 2, left_eye - right_eye
        upright = torch.stack([-across[:, 1], across[:, 0]], dim=1)
        mouth = landmarks[:, [MOUTH_LEFT, MOUTH_RIGHT]].mean(1)
        mouth = torch.where(mouth.isnan(), known_mean(landmarks[:, list(MOUTH)]), mouth)
        down = (mouth - middle) / MOUTH_DOWN
        down = torch.where(down.isnan(), upright, down)
        out = (nose - middle - NOSE_DOWN * down) / NOSE_AHEAD
        out = torch.where(nose.isnan(), torch.zeros_like(middle), out)
        turn = (out * across).sum(1, keepdim=True) / across.square().sum(1, keepdim=True)
        ahead = turn.clamp(-_MOST_TURNED, _MOST_TURNED) * across + _NOD * (out - turn * across)
        return cls(middle, across, down, ahead, turn[:, 0].clamp(-_MOST_TURNED, _MOST_TURNED))

    def pixels(self, points: Tensor) -> Tensor:
        """Where points (B, K, 3) or (K, 3) of the head lie in the picture, (B, K, 2)."""
        x, y, z = points[..., None, :].unbind(-1)  # no matrix product: sums are the same in any batch
        across, down, ahead = (axis[:, None] for axis in (self.across, self.down, self.ahead))
        return self.middle[:, None] + x * across + y * down + z * ahead

    def surface(self, places: Tensor, before: float = 0.0, bend: float = 0.0) -> Tensor:
        """The points (x, y), (B, K, 2), of what is bent around the face that are seen at pixels (K, 2) or (1, K, 2).

        It is the cylinder z = before - bend x² / 2; without a bend, the plane of eyes and mouth moved ahead. x is
        measured along it, as on what lies flat before it is worn. NaN where nothing of it is seen: beyond its edge, or
        where an eye is unknown.
        """
        across, down = self._along(places - self.middle[:, None]).unbind(2)
        turn, nod = self._along(self.ahead[:, None]).unbind(2)
        # across = x + turn z is a quadratic in x; of its solutions the one nearer to the camera is seen.
        beside = across - turn * before
        x = 2 * beside / (1 + (1 - 2 * bend * turn * beside).sqrt())
        y = down - nod * (before - bend * x.square() / 2)
        if bend:
            steep = bend * x
            x = (steep * (1 + steep.square()).sqrt() + steep.asinh()) / (2 * bend)
        return torch.stack([x, y], dim=2)

    def _along(self, vectors: Tensor) -> Tensor:
        """Vectors (B, K, 2) in pixels as sums of `across` and `down`."""
        x, y = vectors.unbind(2)
        (a, b), (c, d) = (axis[:, :, None].unbind(1) for axis in (self.across, self.down))
        return torch.stack([x * d - y * c, y * a - x * b], dim=2) / (a * d - b * c)[..., None]


def known_mean(points: Tensor) -> Tensor:
    """Mean over the known points, (B, 2), of points (B, K, 2); NaN where none is known."""
    known = ~points.isnan().any(-1, keepdim=True)
    return points.nan_to_num(0.0).mul(known).sum(1) / known.sum(1)
