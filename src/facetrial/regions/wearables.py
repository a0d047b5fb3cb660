"""Things that are worn on the face, and so move with it: a sticker, the frame of glasses, the band of a hat.

A shape is a mask in a rectangle of its own, its texture, and the place of that rectangle on the face. Lengths are in
units of the inter-eye distance; the origin lies midway between the eyes, x points from the subject's right eye to the
left one, y down the face.
"""

from abc import abstractmethod
from functools import partial

import torch
from torch import Tensor

from facetrial.core.checked_settings import checked
from facetrial.core.randomness import Draws
from facetrial.core.settings import Positive
from facetrial.faces.frames import pixel_centres
from facetrial.faces.head import Head
from facetrial.faces.homographies import laid
from facetrial.regions.masks import check_landmarks
from facetrial.regions.regions import Region

PIXELS = 80  # of a texture, to the inter-eye distance
# Between the pupils of adults, on average: Dodgson, "Variation and extrema of human interpupillary distance", 2004.
MILLIMETRES = 63.0
FOREHEAD = 1.0  # bend: 57 mm beside their middle, at the temples, foreheads lie 26 mm further back
_FINER = 2


class Shape(Region):
    """Base of shapes. As a region it is the mask of the shape where it sits, with soft edges of a pixel.

    Args:
        scale: makes the shape larger or smaller about the centre of its rectangle.

    Attributes:
        left, top, right, bottom: the rectangle before it is scaled.
        before, bend: how far before the eyes its middle lies, and how round what it lies on is, as in `Head.surface`.

    Raises:
        FacetrialError: `scale` is not positive.
    """

    left: float
    top: float
    right: float
    bottom: float
    before = 0.0
    bend = 0.0

    @checked("attack.region")
    def __init__(self, scale: Positive = 1.0) -> None:
        self.scale = scale

    @abstractmethod
    def inside(self, points: Tensor) -> Tensor:
        """How far points (..., 2) of the unscaled face lie inside the shape's edge; negative outside."""

    @property
    def centre(self) -> tuple[float, float]:
        """Where the middle of the rectangle lies."""
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the texture."""
        return round((self.bottom - self.top) * PIXELS), round((self.right - self.left) * PIXELS)

    @property
    def millimetres(self) -> tuple[float, float]:
        """Height and width of the texture on an adult's face."""
        height, width = self.size
        return height / PIXELS * self.scale * MILLIMETRES, width / PIXELS * self.scale * MILLIMETRES

    def alpha(self, device: torch.device | None = None) -> Tensor:
        """The mask (h, w) in [0, 1] in the rectangle."""
        points = (pixel_centres(*self.size, device) + 0.5) / PIXELS
        points = points + points.new_tensor((self.left, self.top))
        return (self.inside(points) * PIXELS + 0.5).clamp(0.0, 1.0)

    def to_face(self, device: torch.device | None = None) -> Tensor:
        """From pixels of the texture, laid flat, to units of the face, (1, 3, 3)."""
        (x, y), (height, width) = self.centre, self.size
        step = self.scale / PIXELS
        rows = [
            [step, 0.0, x - step * (width - 1) / 2],
            [0.0, step, y - step * (height - 1) / 2],
            [0.0, 0.0, 1.0],
        ]
        return torch.tensor([rows], device=device)

    def laid(
        self, textures: Tensor, landmarks: Tensor, height: int, width: int, maps: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Textures (B, 3, h, w) worn in pictures, weighted by the mask, (B, 3, H, W), and the mask (B, 1, H, W).

        `maps` (B, 3, 3) of the surface that it lies on move the shape away from its nominal place. Nothing is worn
        where an eye is unknown.
        """
        alpha = self.alpha(textures.device).expand(len(textures), 1, -1, -1)
        both = self._worn(torch.cat([textures * alpha, alpha], dim=1), landmarks, height, width, maps)
        return both[:, :3], both[:, 3:]

    def __call__(self, landmarks: Tensor, height: int, width: int, draws: Draws) -> Tensor:
        check_landmarks(landmarks)
        alpha = self.alpha(landmarks.device).expand(len(landmarks), 1, -1, -1)
        return self._worn(alpha, landmarks, height, width)

    def _worn(
        self, textures: Tensor, landmarks: Tensor, height: int, width: int, maps: Tensor | None = None
    ) -> Tensor:
        head, to_face = Head.of(landmarks), self.to_face(landmarks.device)
        flattened = partial(head.surface, before=self.before, bend=self.bend)
        to_face = to_face.expand(len(textures), 3, 3) if maps is None else maps @ to_face
        return laid(textures, to_face, height, width, _FINER, flattened)


def _inside_box(
    points: Tensor, centre: tuple[float, float], half: tuple[float, float], corner: float
) -> Tensor:
    """How far points (..., 2) lie inside a box of half sides `half` with round corners."""
    beyond = (points - points.new_tensor(centre)).abs() - points.new_tensor(half) + corner
    return corner - beyond.clamp(min=0.0).norm(dim=-1) - beyond.amax(-1).clamp(max=0.0)


class Sticker(Shape):
    """A rectangle with round corners on the forehead."""

    left, top, right, bottom = -0.5, -1.0, 0.5, -0.5
    before, bend = 0.1, FOREHEAD

    def inside(self, points: Tensor) -> Tensor:
        return _inside_box(points, self.centre, (0.5, 0.25), 0.08)


class HatBand(Shape):
    """The band of a hat, over the forehead from temple to temple (Komkov and Petiushko, "AdvHat", ICPR 2020)."""

    left, top, right, bottom = -0.95, -1.0, 0.95, -0.5
    before, bend = 0.1, FOREHEAD

    def inside(self, points: Tensor) -> Tensor:
        return _inside_box(points, self.centre, (0.95, 0.25), 0.05)


class Glasses(Shape):
    """The frame of glasses: two rims, a bridge and the beginnings of the temples (Sharif et al., CCS 2016)."""

    left, top, right, bottom = -1.2, -0.4, 1.2, 0.4
    before, bend = 0.2, 0.35

    def inside(self, points: Tensor) -> Tensor:
        folded = torch.stack([points[..., 0].abs(), points[..., 1]], dim=-1)  # the two sides are alike
        rim = 0.075 - _inside_box(folded, (0.5, 0.02), (0.37, 0.27), 0.16).abs()
        bridge = _inside_box(folded, (0.0, -0.08), (0.16, 0.06), 0.02)
        temple = _inside_box(folded, (1.05, -0.12), (0.15, 0.06), 0.0)
        return torch.stack([rim, bridge, temple]).amax(0)


class WholeFace(Shape):
    """A rectangle that holds the whole face: what a region that is no shape is cut out of."""

    left, top, right, bottom = -1.5, -1.75, 1.5, 2.25

    def inside(self, points: Tensor) -> Tensor:
        return torch.ones_like(points[..., 0])
