"""Invented people: what stays the same over all pictures of a person, drawn from a seed.

Lengths are in head units: the head is about 1.2 wide and 1.6 high, x to the picture's right when the person looks
at the camera, y down, z towards the camera.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from facetrial.core.randomness import Draws
from facetrial.data.rendering.stratified_draws import pick, ramp_colour, stratified

# From light to dark; a person's skin lies between two neighbours.
_SKINS = torch.tensor(
    [
        (0.97, 0.84, 0.75),
        (0.94, 0.77, 0.64),
        (0.86, 0.66, 0.50),
        (0.72, 0.51, 0.36),
        (0.54, 0.36, 0.25),
        (0.38, 0.24, 0.17),
    ]
)
# Ordered so that the first four go with any skin (the fourth more rarely), the first seven with all but dark skin.
_HAIR_COLOURS = torch.tensor(
    [
        (0.09, 0.08, 0.09),
        (0.20, 0.13, 0.10),
        (0.30, 0.18, 0.11),
        (0.62, 0.61, 0.60),
        (0.46, 0.29, 0.17),
        (0.45, 0.20, 0.11),
        (0.66, 0.47, 0.26),
        (0.76, 0.40, 0.17),
        (0.87, 0.72, 0.44),
        (0.90, 0.88, 0.85),
    ]
)
_IRIS_COLOURS = torch.tensor(
    [
        (0.24, 0.14, 0.08),
        (0.34, 0.21, 0.11),
        (0.42, 0.36, 0.16),
        (0.24, 0.43, 0.30),
        (0.27, 0.48, 0.66),
        (0.44, 0.53, 0.58),
    ]
)
_FRAME_COLOURS = torch.tensor(
    [(0.07, 0.07, 0.08), (0.34, 0.16, 0.08), (0.60, 0.47, 0.20), (0.50, 0.09, 0.12)]
)

# top and side: how far hair stands off the head, as a share of its radius. hairline: y at the middle of the
# forehead. sides: y down to which hair covers the head's sides. back: y down to which it hangs behind (-1: none).
# narrow: how far from the middle (share of the head's half-width) the sides begin. parting: slope of the hairline.
# curl: height of the outline's waves. bun: radius of a knot on top.
_STYLE_COLUMNS = ("top", "side", "hairline", "sides", "back", "narrow", "parting", "curl", "bun")
_MEN_STYLES = torch.tensor(
    [
        (0.07, 0.03, -0.50, -0.02, -1.0, 0.70, 0.00, 0.00, 0.0),  # crop
        (0.17, 0.05, -0.45, 0.04, -1.0, 0.66, 0.35, 0.00, 0.0),  # side parting
        (0.28, 0.03, -0.50, -0.02, -1.0, 0.70, 0.08, 0.01, 0.0),  # quiff
        (0.20, 0.14, -0.42, 0.08, -1.0, 0.66, 0.00, 0.045, 0.0),  # curls
        (0.01, 0.06, -0.72, 0.06, -1.0, 0.50, 0.00, 0.00, 0.0),  # receding
        (0.00, 0.00, -2.00, -2.00, -1.0, 0.70, 0.00, 0.00, 0.0),  # bald
        (0.16, 0.13, -0.46, 0.55, 0.72, 0.62, 0.12, 0.02, 0.0),  # to the shoulders
        (0.16, 0.05, -0.30, 0.02, -1.0, 0.60, -0.25, 0.00, 0.0),  # fringe swept aside
    ]
)
_WOMEN_STYLES = torch.tensor(
    [
        (0.12, 0.11, -0.47, 0.75, 1.00, 0.56, 0.10, 0.00, 0.0),  # long and straight
        (0.16, 0.14, -0.32, 0.55, 0.58, 0.64, 0.00, 0.00, 0.0),  # bob with a fringe
        (0.06, 0.04, -0.50, 0.00, -1.0, 0.66, 0.05, 0.00, 0.17),  # bun
        (0.18, 0.20, -0.42, 0.65, 1.00, 0.56, 0.35, 0.045, 0.0),  # long waves
        (0.36, 0.36, -0.42, 0.20, -1.0, 0.66, 0.00, 0.040, 0.0),  # afro
        (0.18, 0.06, -0.34, 0.12, -1.0, 0.58, 0.40, 0.01, 0.0),  # pixie
        (0.14, 0.16, -0.44, 0.62, 0.70, 0.58, -0.35, 0.015, 0.0),  # to the shoulders, side parting
    ]
)


class Rows:
    """A dataclass of tensors whose first dimension counts the same things."""

    def select(self, rows: Tensor | slice):
        return type(self)(**{name: value[rows] for name, value in vars(self).items()})

    def __len__(self) -> int:
        return len(next(iter(vars(self).values())))


@dataclass
class People(Rows):
    """P people: float32 tensors (P,), colours (P, 3) in [0, 1], lengths in head units unless a share is named."""

    masculine: Tensor  # 0 or 1
    skin: Tensor
    hair: Tensor
    iris: Tensor
    lips: Tensor
    frame: Tensor
    head_width: Tensor
    head_height: Tensor
    jaw: Tensor  # bulge of the jaw's corners, share of the radius
    chin: Tensor
    eye_x: Tensor
    eye_y: Tensor
    eye_width: Tensor
    eye_opening: Tensor
    eye_tilt: Tensor
    iris_radius: Tensor
    lashes: Tensor
    brow_y: Tensor  # above the eye
    brow_width: Tensor
    brow_thickness: Tensor
    brow_arch: Tensor
    brow_tilt: Tensor
    nose_y: Tensor
    nose_width: Tensor
    nose_depth: Tensor
    mouth_y: Tensor
    mouth_width: Tensor
    upper_lip: Tensor
    lower_lip: Tensor
    ear_height: Tensor
    ear_out: Tensor
    blush: Tensor
    mole: Tensor  # 0 or 1
    mole_x: Tensor
    mole_y: Tensor
    beard: Tensor  # opacity
    beard_width: Tensor  # share of the head's half-width: a goatee is narrow
    moustache: Tensor  # opacity
    glasses: Tensor  # 0 or 1
    glasses_round: Tensor  # 0 square, 1 round
    glasses_height: Tensor
    hair_style: Tensor  # (P, 9): _STYLE_COLUMNS
    hair_phase: Tensor  # of waves and strands

    def style(self, column: str) -> Tensor:
        return self.hair_style[:, _STYLE_COLUMNS.index(column)]


def draw_people(seed: int, numbers: Tensor) -> People:
    """The people of these numbers. Who a person is depends on (seed, number) and on nothing else.

    Args:
        seed: of the population; any integer.
        numbers: int64 (P,), which people.
    """
    spread = stratified(seed, numbers, 6)
    sex, tone, hair_colour, style, eyes, seeing = spread
    chance = iter(Draws(seed, numbers).uniform((48,), "person").unbind(1))

    def between(low: float, high: float) -> Tensor:
        return low + (high - low) * next(chance)

    masculine = (sex < 0.5).float()
    man = masculine.bool()
    dark = tone > 0.62
    skin = (
        ramp_colour(_SKINS, tone) * (1.0 + torch.stack([between(-0.03, 0.03) for _ in range(3)], 1))
    ).clamp(0, 1)
    num_colours = torch.where(dark, 3.4, torch.where(tone > 0.42, 7.0, 10.0))
    hair = pick(_HAIR_COLOURS, hair_colour, num_colours)
    redness = between(0.35, 0.8) * (1.0 - 0.35 * masculine)
    red = torch.tensor([0.70, 0.26, 0.28], device=numbers.device) * (0.45 + 0.65 * skin)
    head_width = between(0.53, 0.61) + 0.01 * masculine
    hair_style = torch.where(man[:, None], pick(_MEN_STYLES, style), pick(_WOMEN_STYLES, style))
    hair_style[:, _STYLE_COLUMNS.index("parting")] *= torch.where(between(0, 1) < 0.5, -1.0, 1.0)
    bearded = masculine * (between(0, 1) < 0.6)
    return People(
        masculine=masculine,
        skin=skin,
        hair=hair,
        iris=pick(_IRIS_COLOURS, eyes, torch.where(dark, 2.0, 6.0)),
        lips=torch.lerp(skin, red, redness[:, None]).clamp(0, 1),
        frame=pick(_FRAME_COLOURS, next(chance)),
        head_width=head_width,
        head_height=between(0.75, 0.83),
        jaw=between(-0.06, 0.02) + 0.05 * masculine,
        chin=between(-0.04, 0.03),
        eye_x=between(0.235, 0.285),
        eye_y=between(-0.05, 0.05),
        eye_width=between(0.128, 0.155),
        eye_opening=between(0.95, 1.35) - 0.12 * masculine,
        eye_tilt=between(-0.06, 0.16),
        iris_radius=between(0.068, 0.080),
        lashes=(1.0 - masculine) * between(0.4, 1.0),
        brow_y=between(0.165, 0.215) - 0.015 * masculine,
        brow_width=between(0.135, 0.175),
        brow_thickness=between(0.014, 0.026) + 0.008 * masculine,
        brow_arch=between(0.0, 0.055),
        brow_tilt=between(-0.12, 0.16),
        nose_y=between(0.25, 0.33),
        nose_width=between(0.085, 0.13) + 0.01 * masculine,
        nose_depth=between(0.10, 0.18),
        mouth_y=between(0.47, 0.53),
        mouth_width=between(0.175, 0.24),
        upper_lip=between(0.032, 0.056) - 0.008 * masculine,
        lower_lip=between(0.048, 0.078) - 0.01 * masculine,
        ear_height=between(0.13, 0.18),
        ear_out=between(0.03, 0.065),
        blush=between(0.0, 0.16) + 0.06 * (1.0 - masculine),
        mole=(between(0, 1) < 0.3).float(),
        mole_x=between(0.13, 0.32) * torch.where(between(0, 1) < 0.5, -1.0, 1.0),
        mole_y=between(0.24, 0.48),
        beard=bearded * between(0.45, 0.95),
        beard_width=torch.where(between(0, 1) < 0.3, 0.38, 1.3),
        moustache=masculine * (between(0, 1) < 0.65) * bearded,
        glasses=(seeing < 0.33).float(),
        glasses_round=between(0.0, 1.0),
        glasses_height=between(0.115, 0.15),
        hair_style=hair_style,
        hair_phase=between(0.0, 6.2832),
    )
