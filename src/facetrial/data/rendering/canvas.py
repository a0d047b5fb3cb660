"""A canvas for shapes with soft edges, given by signed distances in a plane's own coordinates."""

import torch
from torch import Tensor

from facetrial.data.rendering.face_model import Frame


def falloff(squared_distance: Tensor) -> Tensor:
    """1 at distance 0, smoothly to exactly 0 at 1 and beyond; takes the distance squared."""
    return (1.0 - squared_distance).clamp_(min=0.0).square_()


def smooth_step(value: Tensor, start: float | Tensor, end: float | Tensor) -> Tensor:
    """0 before `start`, 1 after `end`, smooth between."""
    share = ((value - start) / (end - start)).clamp_(0.0, 1.0)
    return (3.0 - 2.0 * share).mul_(share).mul_(share)


def column(values: Tensor) -> Tensor:
    """Numbers of B pictures, (B,), so that they meet planes (B, H, W)."""
    return values[:, None, None]


class Patch:
    """A window of B pictures, in the coordinates of a frame.

    Attributes:
        image: float32 (B, 3, h, w), a view of the canvas.
        window: its rows and columns on the canvas.
        x, y: float32 (B, h, w), where each pixel's centre lies in the frame.
        soft: (B, 1, 1), width of an edge in the frame's units: a little more than a pixel.
    """

    def __init__(
        self, image: Tensor, window: tuple[slice, slice], x: Tensor, y: Tensor, soft: Tensor
    ) -> None:
        self.image = image
        self.window = window
        self.x = x
        self.y = y
        self.soft = soft
        self.sharp = -1.0 / soft

    def inside(self, signed_distance: Tensor) -> Tensor:
        """Coverage in [0, 1] of the shape whose signed distance (negative inside) is given, (B, h, w)."""
        return (signed_distance * self.sharp).add_(0.5).clamp_(0.0, 1.0)

    def line(self, distance: Tensor, half_width: float | Tensor) -> Tensor:
        """Coverage of a line, from the distance (of either sign) to its middle."""
        return self.inside(distance.abs() - half_width)

    def ellipse(
        self, x: Tensor | float, y: Tensor | float, width: Tensor | float, height: Tensor | float
    ) -> Tensor:
        """Squared distance from the middle of an ellipse, 1 on its rim."""
        across = (self.x - x).div_(width).square_()
        return (self.y - y).div_(height).square_().add_(across)

    def paint(self, coverage: Tensor, colour: Tensor) -> None:
        """Lays `colour`, (B, 3) or (B, 3, h, w), over the picture where `coverage` (B, h, w) is 1."""
        colour = colour[:, :, None, None] if colour.ndim == 2 else colour
        change = colour - self.image
        change *= coverage[:, None]
        self.image += change

    def shade(self, amount: Tensor) -> None:
        """Makes the picture lighter (> 0) or darker (< 0) by a share, (B, h, w)."""
        self.image *= (1.0 + amount)[:, None]


class Canvas:
    """B square pictures that are drawn into: `image`, float32 (B, 3, size, size)."""

    def __init__(self, image: Tensor) -> None:
        self.image = image
        self.size = image.shape[-1]

    def whole(self, frame: Frame) -> Patch:
        """All of the pictures."""
        return self._patch(frame, slice(0, self.size), slice(0, self.size))

    def around(self, frame: Frame, left: Tensor, right: Tensor, top: Tensor, bottom: Tensor) -> Patch:
        """The one window that holds the rectangle from (left, top) to (right, bottom) of every picture's frame."""
        corners = torch.stack([frame.pixels(x, y) for x in (left, right) for y in (top, bottom)])
        low = (corners.amin((0, 1)) - 2.0).floor().clamp(0, self.size - 1).long().tolist()
        high = (corners.amax((0, 1)) + 3.0).ceil().clamp(1, self.size).long().tolist()
        return self._patch(
            frame, slice(low[1], max(high[1], low[1] + 1)), slice(low[0], max(high[0], low[0] + 1))
        )

    def _patch(self, frame: Frame, rows: slice, columns: slice) -> Patch:
        place = torch.arange(self.size, dtype=torch.float32, device=self.image.device)
        x = (place[columns][None] - frame.centre[:, :1])[:, None, :]
        y = (place[rows][None] - frame.centre[:, 1:])[:, :, None]
        inverse = frame.inverse[:, :, :, None, None]
        scale = frame.axes.square().sum((1, 2)).div(2.0).sqrt()
        return Patch(
            self.image[:, :, rows, columns],
            (rows, columns),
            inverse[:, 0, 0] * x + inverse[:, 0, 1] * y,
            inverse[:, 1, 0] * x + inverse[:, 1, 1] * y,
            column(1.25 / scale),
        )
