"""Alignment: from a picture, a face box and five points to the square crop that an embedder expects.

Coordinates: a point (x, y) names a pixel by its centre, so (0, 0) is the middle of the first pixel. A box
(x0, y0, x1, y1) names edges, so that of a whole picture is (0, 0, width, height). The five points are
MTCNN's: the eye at the picture's left, the eye at its right, the nose tip, the mouth corner at the left, at
the right.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image

from facetrial.core.errors import FacetrialError

# The edges of MTCNN's box as weighted means of its five points (x of x, y of y; each row adds up to 1), by
# least squares over LFW's 4,324 pictures of people with 10 or more, and their mirror images. They miss a box of
# 97 x 128 pixels by 3 to 4 pixels an edge.
_BOX_WEIGHTS = np.array(
    [
        [1.945, -0.308, -1.324, 0.338, 0.350],
        [1.166, 1.166, -0.623, -0.354, -0.354],
        [-0.308, 1.945, -1.324, 0.350, 0.338],
        [-0.379, -0.379, 0.240, 0.759, 0.759],
    ]
)

# Where InsightFace's models expect the five points in a crop of 112 pixels.
TEMPLATE_112 = np.array([(38.29, 51.70), (73.53, 51.50), (56.03, 71.74), (41.55, 92.37), (70.73, 92.20)])
FACENET_MARGIN_160 = 36


def box_from_five_points(points: np.ndarray) -> np.ndarray:
    """The box that MTCNN would draw around a face with these points.

    Args:
        points: (N, 5, 2) in pixels; NaN gives NaN.

    Returns:
        float32 (N, 4), (x0, y0, x1, y1).
    """
    points = np.asarray(points, dtype=np.float64)
    _check_shape("points", points, (None, 5, 2))
    weights = _BOX_WEIGHTS / _BOX_WEIGHTS.sum(1, keepdims=True)
    return np.stack([points[:, :, edge % 2] @ weights[edge] for edge in range(4)], axis=1).astype(np.float32)


def similarity(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """The turn, scale and shift (no mirroring) that brings `source` nearest to `target` in least squares.

    Seen as complex numbers the transform is target = a source + b, whose best a and b have a closed form
    (Umeyama, "Least-squares estimation of transformation parameters between two point patterns", 1991,
    without mirroring).

    Args:
        source, target: (K, 2).

    Returns:
        float64 (2, 3): target ≈ matrix[:, :2] @ source + matrix[:, 2].

    Raises:
        FacetrialError: all source points coincide, or one is NaN.
    """
    z, w = (np.asarray(p, np.float64) @ np.array([1, 1j]) for p in (source, target))
    z_centred, w_centred = z - z.mean(), w - w.mean()
    spread = (abs(z_centred) ** 2).sum()
    if not spread > 0:
        raise FacetrialError(
            f"no alignment fits these points, they are unknown or coincide: {np.asarray(source)}."
        )
    a = (z_centred.conj() * w_centred).sum() / spread
    b = w.mean() - a * z.mean()
    return np.array([[a.real, -a.imag, b.real], [a.imag, a.real, b.imag]])


def move_points(matrix: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Points (..., 2) under a transform (2, 3); float32."""
    return (np.asarray(points, np.float64) @ matrix[:, :2].T + matrix[:, 2]).astype(np.float32)


def move_box(matrix: np.ndarray, box: np.ndarray) -> np.ndarray:
    """The upright box, float32 (4,), around the same place under a transform (2, 3) of points.

    It has the moved centre; each side is scaled by the transform and not turned, so that a box stays the size
    of the face.
    """
    x0, y0, x1, y1 = np.asarray(box, np.float64)
    # Edges lie half a pixel from centres.
    centre = matrix[:, :2] @ [(x0 + x1) / 2 - 0.5, (y0 + y1) / 2 - 0.5] + matrix[:, 2] + 0.5
    half = np.hypot(matrix[0, :2], matrix[1, :2]) * [x1 - x0, y1 - y0] / 2
    return np.concatenate([centre - half, centre + half]).astype(np.float32)


@dataclass(frozen=True)
class FacenetAlignment:
    """The face box with a margin, stretched to a square, exactly as facenet-pytorch's `extract_face` cuts it.

    Attributes:
        size: side of the crop in pixels.
        margin: pixels of the crop that are not of the face box: half of them on each side.
    """

    size: int
    margin: float

    def __post_init__(self) -> None:
        if not 0 <= self.margin < self.size:
            raise FacetrialError(
                f"data.margin must lie in [0, {self.size}) for crops of {self.size}, found {self.margin}."
            )

    def window(self, box: np.ndarray, width: int, height: int) -> tuple[int, int, int, int]:
        """The part of a picture that is cut out, cut off at the picture's edges, at least one pixel."""
        x0, y0, x1, y1 = (float(edge) for edge in box)
        grow_x, grow_y = (
            self.margin * length / (self.size - self.margin) / 2 for length in (x1 - x0, y1 - y0)
        )
        left = min(int(max(x0 - grow_x, 0)), width - 1)
        top = min(int(max(y0 - grow_y, 0)), height - 1)
        right, bottom = int(min(x1 + grow_x, width)), int(min(y1 + grow_y, height))
        return left, top, max(right, left + 1), max(bottom, top + 1)

    def align(
        self, picture: Image.Image, box: np.ndarray, points: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """uint8 (size, size, 3), and the transform (2, 3) of points from the picture to the crop."""
        left, top, right, bottom = window = self.window(box, *picture.size)
        crop = picture.crop(window).resize((self.size, self.size), Image.Resampling.BILINEAR)
        scale_x, scale_y = self.size / (right - left), self.size / (bottom - top)
        shift = [scale_x * (0.5 - left) - 0.5, scale_y * (0.5 - top) - 0.5]
        return np.asarray(crop), np.array([[scale_x, 0, shift[0]], [0, scale_y, shift[1]]])


@dataclass(frozen=True)
class FivePointsAlignment:
    """The five points moved by a similarity onto InsightFace's template; black beyond the picture's edges.

    Attributes:
        size: side of the crop in pixels; the template is scaled from 112.
    """

    size: int

    def align(
        self, picture: Image.Image, box: np.ndarray, points: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """uint8 (size, size, 3), and the transform (2, 3) of points from the picture to the crop."""
        matrix = similarity(points, (TEMPLATE_112 + 0.5) * (self.size / 112) - 0.5)
        # An affine map samples without averaging: a picture that has to shrink is shrunk first, antialiased.
        shrink = min(1.0, float(np.hypot(*matrix[:, 0])))
        width, height = (max(1, round(length * shrink)) for length in picture.size)
        shrunk_by = np.array([width / picture.width, height / picture.height])
        if shrink < 1.0:
            picture = picture.resize((width, height), Image.Resampling.BICUBIC)
        # Pillow wants the way back, from the crop to the picture, in coordinates of edges.
        there = np.vstack([matrix, [0, 0, 1]])
        half = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1]])
        back = np.diag([*shrunk_by, 1]) @ half @ np.linalg.inv(there) @ np.linalg.inv(half)
        crop = picture.transform(
            (self.size, self.size), Image.Transform.AFFINE, tuple(back[:2].ravel()), Image.Resampling.BICUBIC
        )
        return np.asarray(crop), matrix


Alignment = FacenetAlignment | FivePointsAlignment


def alignment_named(name: str, size: int, margin: float | None = None) -> Alignment:
    """The alignment that an embedder asks for.

    Args:
        name: "facenet" or "five_points".
        size: side of the crop in pixels.
        margin: for "facenet", in pixels of the crop; None is 36 at 160 and in proportion at other sizes.

    Raises:
        FacetrialError: an unknown name, or a size or margin that makes no crop.
    """
    if size < 8:
        raise FacetrialError(f"data.size must be at least 8 pixels, found {size}.")
    makers: dict[str, Callable[[], Alignment]] = {
        "facenet": lambda: FacenetAlignment(
            size, FACENET_MARGIN_160 * size / 160 if margin is None else margin
        ),
        "five_points": lambda: FivePointsAlignment(size),
    }
    if name not in makers:
        raise FacetrialError(f"data.alignment must be one of {', '.join(makers)}, found {name!r}.")
    return makers[name]()


def _check_shape(name: str, values: np.ndarray, shape: tuple[int | None, ...]) -> None:
    if values.ndim != len(shape) or any(e not in (None, f) for e, f in zip(shape, values.shape, strict=True)):
        raise FacetrialError(f"{name}: expected shape {shape} (None is any), found {values.shape}.")
