"""Augmentation of framed grey faces with landmarks: a whole batch at once, on its device, in plain torch."""

from dataclasses import dataclass
from typing import Annotated

import torch
from torch import Tensor
from torch.nn import functional as F

from facetrial.core.settings import NotNegative, Share, Unit
from facetrial.faces.frames import move, sample_grid
from facetrial.faces.landmark_names import FLIP


def flip(images: Tensor, landmarks: Tensor) -> tuple[Tensor, Tensor]:
    """Mirrors pictures (B, C, H, W) and their landmarks (B, 15, 2); left and right change names."""
    mirrored = landmarks[:, list(FLIP)]
    mirrored = torch.stack([images.shape[-1] - 1 - mirrored[..., 0], mirrored[..., 1]], dim=-1)
    return images.flip(-1), mirrored


def about_centre(scale: Tensor, angle: Tensor, shift: Tensor, stretch: Tensor, size: int) -> Tensor:
    """Transforms (B, 2, 3) of points that turn, scale and stretch about the middle of the picture, then shift.

    Args:
        scale: (B,), above 1 enlarges.
        angle: (B,) in radians.
        shift: (B, 2) in pixels.
        stretch: (B,), width over height.
        size: side of the picture in pixels.
    """
    cos, sin = scale * angle.cos(), scale * angle.sin()
    wide, high = stretch.sqrt(), stretch.rsqrt()
    linear = torch.stack([cos * wide, -sin * high, sin * wide, cos * high], dim=1).unflatten(1, (2, 2))
    centre = torch.full_like(shift, (size - 1) / 2)
    return torch.cat([linear, (centre + shift)[:, :, None] - linear @ centre[:, :, None]], dim=2)


def warp(images: Tensor, landmarks: Tensor, transforms: Tensor, black: Tensor) -> tuple[Tensor, Tensor]:
    """Moves square pictures and their landmarks by transforms (B, 2, 3).

    Args:
        black: bool (B,), whether what lies beyond the edges is black; else the last pixels are repeated.
    """
    size = images.shape[-1]
    grid = sample_grid(transforms, size, size, size)
    warped = F.grid_sample(images, grid, mode="bilinear", padding_mode="border", align_corners=False)
    outside = (grid.abs() > 1).any(-1)[:, None] & black[:, None, None, None]
    return warped.masked_fill(outside, 0.0), move(transforms, landmarks)


def sharpen(images: Tensor, amount: Tensor) -> Tensor:
    """Adds `amount` (B,) of what a small blur takes away; -1 blurs, above 0 sharpens."""
    kernel = torch.tensor([1.0, 4.0, 6.0, 4.0, 1.0], device=images.device, dtype=images.dtype) / 16
    blurred = F.conv2d(F.pad(images, (2, 2, 2, 2), mode="replicate"), kernel.outer(kernel)[None, None])
    return images + amount[:, None, None, None] * (images - blurred)


def coarsen(images: Tensor, factor: int) -> Tensor:
    """What is left of pictures that were once `factor` times smaller."""
    small = F.interpolate(images, scale_factor=1 / factor, mode="area")
    return F.interpolate(small, size=images.shape[-2:], mode="bilinear", align_corners=False)


def light(images: Tensor, contrast: Tensor, brightness: Tensor, gamma: Tensor, slope: Tensor) -> Tensor:
    """Gamma, then contrast and brightness, then a light that falls off across the picture.

    Args:
        contrast, brightness, gamma: (B,).
        slope: (B, 2), the change of light from the middle to the right and the lower edge.
    """
    places = torch.linspace(-1, 1, images.shape[-1], device=images.device)
    ramp = (
        1 + slope[:, 0, None, None] * places[None, None, :] + slope[:, 1, None, None] * places[None, :, None]
    )
    images = images.clamp(1e-4, 1.0).pow(gamma[:, None, None, None])
    images = (images - 0.5) * contrast[:, None, None, None] + 0.5 + brightness[:, None, None, None]
    return images * ramp[:, None]


def cover(images: Tensor, corners: Tensor, shade: Tensor) -> Tensor:
    """Fills a rectangle of each picture, corners (B, 4) as (x0, y0, x1, y1), with its `shade` (B,)."""
    places = torch.arange(images.shape[-1], device=images.device)
    x_in = (places >= corners[:, 0, None]) & (places < corners[:, 2, None])
    y_in = (places >= corners[:, 1, None]) & (places < corners[:, 3, None])
    inside = (y_in[:, :, None] & x_in[:, None, :])[:, None]
    return torch.where(inside, shade[:, None, None, None], images)


@dataclass(frozen=True)
class Augmentation:
    """How far training pictures are changed. Normal draws have the deviations given; 0 leaves a thing out.

    Each picture has a strength of its own between 0 and 1.5, by which its deviations are multiplied: a network has
    to be exact where faces usually lie, and must not be lost where they do not.

    Attributes:
        shift: deviation in pixels.
        scale: deviation of the logarithm of the scale.
        rotation: deviation in degrees.
        stretch: deviation of the logarithm of width over height.
        flip: chance of a mirror image.
        brightness: deviation, of pixels in [0, 1].
        contrast: deviation of the logarithm of the contrast.
        gamma: deviation of the logarithm of gamma.
        slope: deviation of the fall of light across the picture.
        sharpness: deviation of the amount of sharpening or blurring.
        coarse: chance of a coarser picture.
        noise: largest deviation of sensor noise.
        cover: chance of a rectangle in front of the face.
    """

    shift: Annotated[NotNegative, Unit("pixels")] = 4.0
    scale: NotNegative = 0.12
    rotation: Annotated[NotNegative, Unit("degrees")] = 15.0
    stretch: NotNegative = 0.06
    flip: Share = 0.5
    brightness: NotNegative = 0.1
    contrast: NotNegative = 0.25
    gamma: NotNegative = 0.25
    slope: NotNegative = 0.25
    sharpness: NotNegative = 0.7
    coarse: Share = 0.15
    noise: NotNegative = 0.04
    cover: Share = 0.3

    def __call__(self, images: Tensor, landmarks: Tensor) -> tuple[Tensor, Tensor]:
        """Changed pictures (B, 1, S, S) in [0, 1] and their landmarks (B, 15, 2)."""
        count, size = len(images), images.shape[-1]

        strength = 1.5 * torch.rand(count, device=images.device)

        def normal(deviation: float, *shape: int) -> Tensor:
            drawn = deviation * torch.randn(count, *shape, device=images.device)
            return drawn * strength.view(-1, *[1] * len(shape))

        def chance(share: float) -> Tensor:
            return torch.rand(count, device=images.device) < share

        mirrored, mirrored_landmarks = flip(images, landmarks)
        flipped = chance(self.flip)
        images = torch.where(flipped[:, None, None, None], mirrored, images)
        landmarks = torch.where(flipped[:, None, None], mirrored_landmarks, landmarks)

        angle = normal(self.rotation).deg2rad()
        transforms = about_centre(
            normal(self.scale).exp(), angle, normal(self.shift, 2), normal(self.stretch).exp(), size
        )
        images, landmarks = warp(images, landmarks, transforms, black=chance(0.5))

        images = torch.where(chance(self.coarse)[:, None, None, None], coarsen(images, 2), images)
        images = sharpen(images, normal(self.sharpness).clamp(-1.0, 2.0))
        images = light(
            images,
            normal(self.contrast).exp(),
            normal(self.brightness),
            normal(self.gamma).exp(),
            normal(self.slope, 2),
        )
        length = size * (0.1 + 0.3 * torch.rand(count, 2, device=images.device))
        length = torch.where(chance(self.cover)[:, None], length, 0.0)
        start = torch.rand(count, 2, device=images.device) * size - length / 2
        images = cover(images, torch.cat([start, start + length], dim=1), torch.rand_like(angle))
        noise = self.noise * torch.rand(count, device=images.device)
        images = images + noise[:, None, None, None] * torch.randn_like(images)
        return images.clamp(0.0, 1.0), landmarks
