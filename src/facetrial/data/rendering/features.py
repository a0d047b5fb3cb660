"""Eyes, brows, nose, mouth and glasses, each drawn in its own frame of the face model."""

import torch
from torch import Tensor

from facetrial.data.rendering.canvas import Canvas, Patch, column, falloff, smooth_step
from facetrial.data.rendering.face_model import FaceModel, Frame

_LASH = 0.22  # how dark lid lines are: share of the skin's colour that is left


def draw_features(canvas: Canvas, face: FaceModel, head: Tensor) -> None:
    """Draws all features of B faces; `head` (B, H, W) is the coverage of the head, beyond which no glasses show."""
    if face.people.mole.any():
        _draw_mole(canvas, face)
    draw_nose(canvas, face)
    draw_mouth(canvas, face)
    for side, (eye, brow) in enumerate(zip(face.eyes, face.brows, strict=True)):
        draw_eye(canvas, face, eye, 1 - 2 * side)
        draw_brow(canvas, face, brow)
    if face.people.glasses.any():
        for lens in face.lenses:
            draw_glasses(canvas, face, lens, head)


def draw_eye(canvas: Canvas, face: FaceModel, eye: Frame, side: int) -> None:
    """One eye. `side` is 1 for the subject's left: its frame's x runs to the picture's right."""
    p, c = face.people, face.camera.conditions
    width = column(p.eye_width)
    reach = 1.75 * p.eye_width
    patch = canvas.around(eye, -reach, reach, -1.1 * reach, 0.85 * reach)
    x, y = patch.x, patch.y - column(p.eye_tilt) * -patch.x
    along = 1.0 - (x / width).square()
    opening = column(p.eye_opening * c.eyes_open)
    # The upper lid is highest a little towards the nose, the lower lid lowest a little away from it.
    upper = -0.076 * opening * along * (1.0 - 0.22 * x / width)
    lower = 0.050 * opening.sqrt() * along * (1.0 + 0.25 * x / width)

    skin = p.skin
    patch.shade(-0.13 * falloff(patch.ellipse(0.0, -0.03, column(reach), column(0.9 * reach))))
    within = smooth_step(x.abs(), width * 1.25, width * 0.9)
    patch.paint(0.42 * within * patch.line(y - (upper - 0.036 * opening), 0.006), skin * 0.52)
    patch.paint(0.20 * within * patch.line(y - (lower + 0.028), 0.010), skin * 0.55)

    open_eye = patch.inside(torch.maximum(upper - y, y - lower))
    white = torch.lerp(torch.full_like(skin, 0.95), skin, 0.12)
    patch.paint(open_eye, white)
    iris = patch.ellipse(0.0, 0.0, 1.0, 1.0).sqrt()
    radius = column(p.iris_radius)
    ring = open_eye * patch.inside(iris - radius)
    patch.paint(ring, p.iris * 0.55)
    patch.paint(open_eye * patch.inside(iris - 0.76 * radius), p.iris * 1.12)
    patch.paint(open_eye * patch.inside(iris - 0.46 * radius), torch.full_like(skin, 0.035))
    under_lid = open_eye * smooth_step(y - upper, 0.045, 0.0)
    patch.paint(0.38 * under_lid, skin * 0.18)
    glint = patch.ellipse(
        column(0.40 * side * (p.iris_radius * c.light_x.sign())), -0.42 * radius, 0.019, 0.019
    )
    patch.paint(open_eye * patch.inside((glint.sqrt() - 1.0) * 0.019), torch.full_like(skin, 0.98))

    lashes = column(p.lashes)
    thickness = 0.009 + 0.010 * lashes * smooth_step(x, -width, width)
    wing = width * (1.03 + 0.10 * lashes)
    upper_line = (
        patch.line(y - upper + 0.4 * thickness, thickness)
        * patch.inside(x - wing)
        * patch.inside(-x - width * 1.02)
    )
    patch.paint(0.92 * upper_line, torch.lerp(skin * _LASH, p.hair * 0.25, 0.5))
    lower_line = patch.line(y - lower, 0.004) * patch.inside(x.abs() - width)
    patch.paint((0.40 + 0.25 * lashes) * lower_line, skin * 0.35)


def draw_brow(canvas: Canvas, face: FaceModel, brow: Frame) -> None:
    """One brow: a stroke from its inner to its outer end."""
    p = face.people
    width = column(p.brow_width)
    reach = 1.25 * p.brow_width
    patch = canvas.around(brow, -reach, reach, -0.13 - 0.2 * p.brow_width, 0.07 + 0.2 * p.brow_width)
    along = patch.x / width
    middle = -column(p.brow_arch) * (1.0 - along.square()) - column(p.brow_tilt) * patch.x
    half = column(p.brow_thickness) * (1.0 - 0.30 * along - 0.35 * along.square())
    stroke = patch.line(patch.y - middle, half.clamp(min=0.004)) * patch.inside(patch.x.abs() - width)
    hair = torch.lerp(p.hair * 0.62, p.skin * 0.30, 0.30)
    patch.paint(0.88 * stroke, hair)


def draw_nose(canvas: Canvas, face: FaceModel) -> None:
    """The nose, modelled by light: a lit and a shaded flank, a bright tip, wings and nostrils."""
    p, c = face.people, face.camera.conditions
    frame = face.nose_base
    to_frame = frame.inverse
    tip, bridge = (
        (to_frame @ (point - frame.centre)[:, :, None])[:, :, 0]
        for point in (face.nose_tip, face.nose_bridge)
    )
    reach = 0.30 * torch.ones_like(p.nose_width)
    left, right = torch.minimum(tip, bridge)[:, 0] - reach, torch.maximum(tip, bridge)[:, 0] + reach
    patch = canvas.around(frame, left, right, bridge[:, 1] - 0.05, 0.16 * torch.ones_like(reach))
    width = column(p.nose_width)
    tip_x, tip_y = column(tip[:, 0]), column(tip[:, 1])
    bridge_x, bridge_y = column(bridge[:, 0]), column(bridge[:, 1])
    down = ((patch.y - bridge_y) / (tip_y - bridge_y)).clamp(0.0, 1.0)
    ridge = bridge_x + (tip_x - bridge_x) * down
    flank = 0.045 + (width * 1.05 - 0.045) * down.square()
    across = (patch.x - ridge) / flank
    body = smooth_step(patch.y, bridge_y, bridge_y + 0.12) * smooth_step(patch.y, 0.06, -0.03)
    light = column(c.light_x * (0.6 + c.contrast))
    turned = column(torch.sin(c.yaw))
    sides = across * falloff((across * 0.62).square())
    patch.shade(
        0.29 * body * sides * (light * 0.8 - turned * 0.5) + 0.09 * body * falloff((across * 1.6).square())
    )
    patch.shade(-0.085 * body * falloff(((across.abs() - 0.95) * 1.8).square()) * (0.5 + 0.6 * down))

    bulb = patch.ellipse(tip_x, tip_y, width * 0.62, width * 0.55)
    patch.shade(0.13 * falloff(bulb))
    base_x = 0.45 * tip_x
    patch.shade(-0.24 * falloff(patch.ellipse(base_x, 0.035, width * 1.15, 0.055)))
    shadow = p.skin * p.skin.new_tensor([0.44, 0.36, 0.34])
    for side in (-1.0, 1.0):
        wing = patch.ellipse(base_x + side * width * 0.86, -0.012, width * 0.36, 0.058).sqrt()
        outer = smooth_step(side * (patch.x - base_x) / width, 0.75, 1.0)
        patch.paint(0.40 * outer * patch.line((wing - 1.0) * width * 0.36, 0.007), shadow)
        nostril = patch.ellipse(base_x + side * width * 0.44, 0.016, width * 0.27, 0.019)
        patch.paint(0.72 * patch.inside((nostril.sqrt() - 1.0) * 0.019), shadow * 0.7)


def draw_mouth(canvas: Canvas, face: FaceModel) -> None:
    """Lips, what shows between them, and the moustache above."""
    p, c = face.people, face.camera.conditions
    half = face.mouth_half_width
    reach = 1.5 * half
    patch = canvas.around(face.mouth, -reach, reach, -0.16 - 0.0 * half, 0.24 + 0.0 * half)
    width = column(half)
    share = patch.x / width
    along = (1.0 - share.square()).clamp(min=0.0)
    y = patch.y - column(face.corner_y) * share.square()
    top = -along * (column(face.gap_above) + column(p.upper_lip) * (0.8 + 0.75 * share.square()))
    gap_top = -along * column(face.gap_above)
    gap_bottom = along * column(face.gap_below)
    bottom = along.sqrt() * 0.35 * column(p.lower_lip) + along * (
        column(face.gap_below) + 0.65 * column(p.lower_lip)
    )
    span = patch.inside(patch.x.abs() - width)

    fold = (patch.ellipse(0.0, 0.02, width * 1.32, 0.26).sqrt() - 1.0) * width
    beside = smooth_step(share.abs(), 0.95, 1.2) * smooth_step(patch.y, 0.12, -0.04)
    patch.paint(0.34 * column(c.smile.clamp(min=0.0)) * beside * patch.line(fold, 0.008), p.skin * 0.55)
    patch.shade(-0.20 * falloff(patch.ellipse(0.0, bottom + 0.035, width * 0.6, 0.045)))
    _paint_moustache(patch, face, width)

    patch.paint(span * patch.inside(torch.maximum(top - y, y - bottom)), p.lips)
    lower_lip = span * patch.inside(torch.maximum(gap_bottom - y, y - bottom))
    patch.paint(0.45 * lower_lip, (p.lips * 1.12).clamp(max=1.0))
    shine = falloff(patch.ellipse(0.0, gap_bottom + 0.45 * column(p.lower_lip), width * 0.45, 0.024))
    patch.paint(0.22 * shine, torch.ones_like(p.lips))
    hole = span * patch.inside(torch.maximum(gap_top - y, y - gap_bottom))
    patch.paint(hole, p.lips * p.lips.new_tensor([0.30, 0.16, 0.16]))
    teeth = (
        hole * patch.inside(y - gap_top - 0.55 * (gap_bottom - gap_top)) * patch.inside(share.abs() - 0.82)
    )
    patch.paint(0.94 * teeth, torch.full_like(p.lips, 0.94))
    closed = column((1.0 - 4.0 * c.mouth_open).clamp(0.0, 1.0))
    patch.paint((0.25 + 0.5 * closed) * span * patch.line(y - gap_top, 0.006), p.lips * 0.38)
    for side in (-1.0, 1.0):
        corner = patch.ellipse(side * width, column(face.corner_y), 0.03, 0.03)
        patch.paint(0.45 * falloff(corner), p.lips * 0.35)


def _paint_moustache(patch: Patch, face: FaceModel, width: Tensor) -> None:
    share = patch.x / (width * 1.12)
    along = (1.0 - share.square()).clamp(min=0.0)
    middle = column(face.top_lip_y) - 0.022 + 0.055 * share.square()
    hairs = patch.line(patch.y - middle, 0.040 * along.sqrt()) * (along > 0)
    patch.paint(column(face.people.moustache * 0.8) * hairs, face.people.hair * 0.75)


def _draw_mole(canvas: Canvas, face: FaceModel) -> None:
    reach = torch.full_like(face.people.mole, 0.04)
    patch = canvas.around(face.mole, -reach, reach, -reach, reach)
    spot = patch.inside(patch.ellipse(0.0, 0.0, 1.0, 1.0).sqrt() - 0.013)
    patch.paint(0.8 * column(face.people.mole) * spot, face.people.skin * 0.35)


def draw_glasses(canvas: Canvas, face: FaceModel, lens: Frame, head: Tensor) -> None:
    """One half of a pair of glasses: rim, half of the bridge, and the temple towards the ear."""
    p = face.people
    half_width = 0.80 * p.eye_x
    inner, outer = 1.1 * p.eye_x, 1.25 * (p.head_width - p.eye_x)
    patch = canvas.around(lens, -inner, outer, -1.2 * p.glasses_height, 1.3 * p.glasses_height)
    rounding = column(p.glasses_height * (0.30 + 0.68 * p.glasses_round))
    over_x = patch.x.abs() - (column(half_width) - rounding)
    over_y = patch.y.abs() - (column(p.glasses_height) - rounding)
    corner = (over_x.clamp(min=0.0).square() + over_y.clamp(min=0.0).square()).sqrt()
    rim = corner + torch.maximum(over_x, over_y).clamp(max=0.0) - rounding
    worn = column(p.glasses)
    glare = falloff(((patch.x + 0.8 * patch.y + 0.02) / 0.10).square())
    patch.paint(worn * patch.inside(rim) * (0.05 + 0.10 * glare), torch.ones_like(p.skin))
    patch.paint(worn * patch.line(rim, 0.0125), p.frame)
    arc = patch.y + 0.035 - 0.5 * (patch.x + column(1.04 * p.eye_x)).square()
    bridge = patch.inside(patch.x + column(half_width)) * patch.inside(-patch.x - column(1.05 * p.eye_x))
    patch.paint(worn * bridge * patch.line(arc, 0.010), p.frame)
    temple = patch.inside(column(half_width) - patch.x) * patch.inside(
        patch.x - column(0.93 * (p.head_width - p.eye_x))
    )
    patch.paint(worn * temple * head[:, *patch.window] * patch.line(patch.y + 0.04, 0.011), p.frame)
