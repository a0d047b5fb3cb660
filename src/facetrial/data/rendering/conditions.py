"""What differs between pictures of one drawn person: pose, expression, light and camera."""

from dataclasses import dataclass

import torch
from torch import Tensor

from facetrial.core.randomness import Draws
from facetrial.data.rendering.identities import Rows


@dataclass
class Conditions(Rows):
    """What differs between B pictures: float32 (B,), colours (B, 3). Angles in radians."""

    yaw: Tensor  # > 0: turned towards the picture's right
    pitch: Tensor  # > 0: looking down
    roll: Tensor  # > 0: leaning clockwise
    scale: Tensor  # half-pictures per head unit
    shift_x: Tensor  # of the head's centre, in half-pictures
    shift_y: Tensor
    smile: Tensor  # -0.4 .. 1
    mouth_open: Tensor  # 0 .. 1
    brow_raise: Tensor  # -1 .. 1
    eyes_open: Tensor  # 0.6 .. 1.1
    light_x: Tensor  # direction the light comes from
    light_y: Tensor
    contrast: Tensor  # of the light
    tint: Tensor  # colour of the light
    background: Tensor
    background_far: Tensor
    clothes: Tensor
    collar: Tensor  # depth of the neckline
    blur: Tensor  # weight of each neighbour in the blur, 0 .. 0.25
    noise: Tensor  # standard deviation of the sensor noise
    grain: Tensor  # (B, 2) in (0, 1): where in the sheet of grain


def _muted(hue: Tensor, saturation: Tensor, value: Tensor) -> Tensor:
    """Colours (B, 3) from hue, saturation and value in [0, 1]."""
    offsets = torch.tensor([0.0, 2.0 / 3.0, 1.0 / 3.0], device=hue.device)
    wheel = ((hue[:, None] + offsets).remainder(1.0) * 6.0 - 3.0).abs() - 1.0
    return value[:, None] * (1.0 - saturation[:, None] * (1.0 - wheel.clamp(0.0, 1.0)))


def draw_conditions(seed: int, persons: Tensor, pictures: Tensor) -> Conditions:
    """Pose, expression, light and camera of B pictures; depends on (seed, person, picture) and on nothing else.

    Args:
        seed: of the population.
        persons, pictures: int64 (B,), the person's number and the picture's number among the person's.
    """
    draws = Draws(seed, (persons << 24) + pictures)
    chance = iter(draws.uniform((48,), "conditions").unbind(1))

    def between(low: float, high: float) -> Tensor:
        return low + (high - low) * next(chance)

    def bell(spread: float) -> Tensor:
        """Between -spread and spread, mostly near 0."""
        return spread * (2.0 / 3.0) * (next(chance) + next(chance) + next(chance) - 1.5)

    smile = between(-0.35, 1.0)
    hue, value = between(0.0, 1.0), between(0.30, 0.88)
    background = _muted(hue, between(0.05, 0.38), value)
    far = _muted(
        (hue + between(-0.12, 0.12)).remainder(1.0),
        between(0.05, 0.38),
        (value * between(0.6, 1.1)).clamp(max=1),
    )
    warmth, exposure = bell(0.09), between(0.86, 1.06)
    return Conditions(
        yaw=bell(0.50),
        pitch=bell(0.24),
        roll=bell(0.20),
        scale=between(0.91, 1.02),
        shift_x=bell(0.06),
        shift_y=0.05 + bell(0.05),
        smile=smile,
        mouth_open=(between(-1.0, 1.0) + 0.3 * smile).clamp(0.0, 1.0),
        brow_raise=bell(1.0),
        eyes_open=between(0.8, 1.1) - 0.15 * smile.clamp(min=0.0),
        light_x=between(-0.75, 0.75),
        light_y=between(-0.75, 0.1),
        contrast=between(0.16, 0.40),
        tint=torch.stack([exposure * (1.0 + warmth), exposure, exposure * (1.0 - warmth)], dim=1),
        background=background,
        background_far=far,
        clothes=_muted(between(0.0, 1.0), between(0.1, 0.65), between(0.15, 0.85)),
        collar=between(0.0, 1.0),
        blur=between(-0.08, 0.20).clamp(min=0.0),
        noise=between(0.004, 0.022),
        grain=torch.stack([next(chance), next(chance)], dim=1),
    )
