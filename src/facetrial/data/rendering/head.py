"""What surrounds the features: background, neck and clothes, skin, ears, beard, hair, and the light on the head."""

from collections.abc import Callable

import torch
from torch import Tensor

from facetrial.data.rendering.canvas import Canvas, Patch, column, falloff, smooth_step
from facetrial.data.rendering.conditions import Conditions
from facetrial.data.rendering.face_model import HEAD_DEPTH, FaceModel, Frame

_BALD = -1.5  # a hairline above this is none


def draw_background(canvas: Canvas, conditions: Conditions) -> None:
    """Two colours running into each other, lighter behind the head."""
    place = torch.linspace(-1.0, 1.0, canvas.size, device=canvas.image.device)
    x, y = place[None, None, :], place[None, :, None]
    glow = (0.5 * (x - 0.3 * column(conditions.light_x)).square() + 0.4 * (y + 0.2).square()).clamp(0.0, 1.0)
    near, far = conditions.background[:, :, None, None], conditions.background_far[:, :, None, None]
    canvas.image.copy_(near + glow[:, None] * (far * 0.8 - near))


class HeadSurface:
    """For each pixel, the place on the head that it shows.

    Attributes:
        x, y, z: float32 (B, H, W), the point of the ellipsoid in head coordinates; beside the head, of its rim.
        aside: how far round the side of the head, 0 in the middle of the face, 1 at the ears, more behind.
        outline: signed distance to the outline of skull and jaw.
        radius: distance of the outline from the head's centre, in this pixel's direction.
        distance: of the pixel from the head's centre.
    """

    def __init__(self, patch: Patch, face: FaceModel) -> None:
        p, c = face.people, face.camera.conditions
        rotation = face.camera.rotation
        axes = torch.stack([p.head_width, p.head_height, torch.full_like(p.head_width, HEAD_DEPTH)], dim=1)
        form = rotation @ torch.diag_embed(axes**-2) @ rotation.transpose(1, 2)
        (xx, xy, xz), (_, yy, yz), (_, _, zz) = ([column(form[:, i, j]) for j in range(3)] for i in range(3))
        u, v = patch.x, patch.y
        slope = xz * u + yz * v
        rest = xx * u * u + (2.0 * xy) * u * v + yy * v * v - 1.0
        depth = ((slope * slope - zz * rest).clamp(min=0.0).sqrt() - slope) / zz
        turn = rotation[:, :, :, None, None]
        self.x, self.y, self.z = (
            turn[:, 0, i] * u + turn[:, 1, i] * v + turn[:, 2, i] * depth for i in range(3)
        )
        self.aside = self.x.abs() / column(p.head_width) - self.z.clamp(max=0.0)
        # The chin lies further forward than the middle of the head: it goes where the face turns.
        forward = (v + 0.1).clamp(min=0.0).square() * 0.34
        u = u - column(c.yaw.sin()) * forward
        v = v - column(c.pitch.sin()) * forward
        squared = u * u + v * v + 1e-6
        self.distance = squared.sqrt()
        sine = v / self.distance
        up = sine * sine
        ellipse = torch.rsqrt(
            (1.0 - up) / column(p.head_width).square() + up / column(p.head_height).square()
        )
        low = sine.clamp(min=0.0).square()
        high = sine.clamp(max=0.0).square()
        skull = 0.20 * high * (1.0 - high)
        jaw = 4.0 * low * (1.0 - low) * column(p.jaw) + low * low * low * column(p.chin)
        self.radius = ellipse * (1.0 + skull + jaw)
        self.outline = self.distance - self.radius
        self.upward = -sine


def _draw_body(canvas: Canvas, face: FaceModel, whole: Patch, surface: HeadSurface) -> None:
    """Hair that hangs behind, neck and clothes. The body does not lean with the head."""
    p, camera = face.people, face.camera
    back_hair = _paint_back_hair(whole, face)
    upright = torch.eye(2, device=p.skin.device) * camera.pixels_per_unit[:, None, None]
    lowest = canvas.size / camera.pixels_per_unit
    ones = torch.ones_like(lowest)
    patch = canvas.around(Frame(camera.origin, upright), -1.5 * ones, 1.5 * ones, 0.3 * ones, lowest)
    across = patch.x.abs()
    neck_width = column(0.27 + 0.05 * p.masculine + 0.3 * (p.head_width - 0.6))
    neck = patch.inside(across - neck_width - 0.5 * (patch.y - 0.78).clamp(min=0.0).square() / 0.06)
    patch.paint(neck * patch.inside(0.3 - patch.y), p.skin * 0.84)
    shoulders = 0.84 + 0.10 * across.square() - 0.02 * column(p.masculine) + 0.14 * across
    neckline = 0.93 + column(camera.conditions.collar) * 0.12 - 1.4 * across.square()
    neckline = torch.maximum(neckline, shoulders)
    clothes = patch.inside(neckline - patch.y)
    patch.paint(clothes, camera.conditions.clothes)
    body = torch.maximum(torch.maximum(neck, clothes), back_hair[:, *patch.window])
    under_chin = falloff((surface.outline[:, *patch.window] / 0.28).clamp(min=0.0).square())
    hem = patch.line(patch.y - neckline - 0.03, 0.008) * clothes
    patch.paint(0.35 * hem, camera.conditions.clothes * 0.5)
    patch.shade(-0.42 * body * under_chin * smooth_step(patch.y, 0.34, 0.48))


def _paint_back_hair(patch: Patch, face: FaceModel) -> Tensor:
    p = face.people
    if not ((p.style("back") > -1.0) | (p.style("bun") > 0.0)).any():
        return torch.zeros_like(patch.x)
    back = column(p.style("back"))
    half_width = column(p.head_width * (1.0 + p.style("side"))) + 0.02 + 0.10 * (patch.y - 0.2)
    half_width = half_width - 0.8 * (0.3 - patch.y).clamp(min=0.0).square()
    wave = column(p.style("curl")) * torch.sin(13.0 * patch.y + column(p.hair_phase))
    shift = column(0.10 * face.camera.conditions.yaw)
    side = (patch.x + shift).abs() - half_width - wave
    hanging = torch.maximum(torch.maximum(side, patch.y - back + 0.45 * patch.x.square()), -0.2 - patch.y)
    coverage = patch.inside(hanging)
    patch.paint(coverage, p.hair * 0.70)
    bun = column(p.style("bun"))
    knot = patch.ellipse(-shift, column(-p.head_height - 0.12), 1.0, 1.0).sqrt() - bun
    patch.paint(patch.inside(knot) * (bun > 0), p.hair * 0.85)
    return coverage


def draw_head(canvas: Canvas, face: FaceModel, draw_features: Callable[[Tensor], None]) -> None:
    """Skin, ears and beard, then what `draw_features` draws, then hair, then light over all."""
    p, c = face.people, face.camera.conditions
    patch = canvas.whole(face.camera.facing())
    surface = HeadSurface(patch, face)
    _draw_body(canvas, face, patch, surface)
    head = patch.inside(surface.outline)
    patch.paint(head, p.skin)
    for ear, side in zip(face.ears, (1.0, -1.0), strict=True):
        _draw_ear(canvas, face, ear, side, surface)
    _paint_complexion(canvas, face, patch, surface, head)
    draw_features(head)
    hair = _paint_hair(patch, face, surface, head)
    lit = torch.maximum(head, hair)
    towards = torch.stack([c.light_x, c.light_y, torch.ones_like(c.light_x)], dim=1)
    towards = towards / towards.norm(dim=1, keepdim=True)
    light = (face.camera.rotation.transpose(1, 2) @ towards[:, :, None])[:, :, 0]
    axes = (p.head_width, p.head_height, torch.full_like(p.head_width, HEAD_DEPTH))
    across, down, ahead = (
        column(light[:, i] / axis) * place
        for i, (axis, place) in enumerate(zip(axes, (surface.x, surface.y, surface.z), strict=True))
    )
    patch.shade(lit * column(c.contrast) * (1.25 * (across + down + ahead).clamp(min=-0.3) - 0.84))


def _draw_ear(canvas: Canvas, face: FaceModel, ear: Frame, side: float, surface: HeadSurface) -> None:
    p = face.people
    height, width = p.ear_height, p.ear_out + 0.045
    patch = canvas.around(ear, -1.3 * width, 1.3 * width, -1.2 * height, 1.2 * height)
    rim = patch.ellipse(0.0, 0.10 * patch.y, column(width), column(height)).sqrt()
    scale = column(width)
    # The far ear goes behind the head, the near one lies on its side.
    nearness = smooth_step(column(-side * torch.sin(face.camera.conditions.yaw)), -0.05, 0.15)
    behind = (0.5 + surface.outline[:, *patch.window] / patch.soft).clamp(0.0, 1.0)
    uncovered = column(smooth_step(p.style("sides"), 0.3, 0.12))
    seen = torch.maximum(behind, nearness.expand_as(behind)) * uncovered
    patch.paint(seen * patch.inside((rim - 1.0) * scale), p.skin * 0.95)
    patch.paint(
        0.5 * seen * patch.inside((rim - 0.66) * scale) * patch.inside(-patch.x - 0.4 * scale), p.skin * 0.66
    )
    patch.paint(0.35 * seen * patch.line((rim - 0.70) * scale, 0.008), p.skin * 0.58)


def _paint_complexion(
    canvas: Canvas, face: FaceModel, patch: Patch, surface: HeadSurface, head: Tensor
) -> None:
    """Blush, freckles and beard: they lie on the skin."""
    p = face.people
    x, y = surface.x, surface.y
    out = x.abs()
    cheek = falloff(((out - 0.30) / 0.22).square() + ((y - 0.27) / 0.19).square())
    red = (p.skin * p.skin.new_tensor([1.02, 0.66, 0.64])).clamp(max=1.0)
    patch.paint(head * cheek * column(p.blush * 2.2), red)
    if not p.beard.any():
        return
    sides = surface.aside
    edge = 0.40 - 0.50 * smooth_step(sides, 0.50, 1.05) + 0.02 * torch.sin(40.0 * x)
    width = column(p.beard_width)
    bearded = smooth_step(y, edge, edge + 0.17) * smooth_step(sides, width + 0.08, width - 0.04)
    patch.paint(head * bearded * column(p.beard), p.hair * 0.80)


def _paint_hair(patch: Patch, face: FaceModel, surface: HeadSurface, head: Tensor) -> Tensor:
    """The hair before and around the head; returns its coverage (B, H, W)."""
    p = face.people
    top, side, curl = (column(p.style(name)) for name in ("top", "side", "curl"))
    phase = column(p.hair_phase)
    if not (p.style("hairline") > _BALD).any():
        return torch.zeros_like(head)
    wave = torch.zeros_like(head)
    if curl.any():
        wave = curl * torch.sin(19.0 * patch.x + phase) * torch.sin(17.0 * patch.y + 2.0 * phase)
    upward = smooth_step(surface.upward, -0.2, 0.75)
    lean = column(p.style("parting") * 0.12) * patch.x * upward
    hanging = column((p.style("sides") > 0.3).float())
    side = side * torch.maximum(smooth_step(surface.upward, -0.6, -0.05), hanging)
    volume = side + (top - side) * upward + wave + lean
    # At each person's temples hair runs from the hairline down to the length of the sides.
    sides = surface.aside
    narrow = column(p.style("narrow"))
    hairline, length = column(p.style("hairline")), column(p.style("sides"))
    line = hairline + (length - hairline) * smooth_step(sides, narrow, 0.97)
    line = line + column(p.style("parting")) * surface.x * smooth_step(sides, 0.9, 0.5) * 0.55 + 0.6 * wave
    above = surface.y - line - 2.0 * surface.outline.clamp(min=0.0)
    has_hair = (hairline > _BALD).float()
    patch.shade(-0.22 * has_hair * head * falloff((above / 0.11).clamp(min=0.0).square()))
    outside = surface.distance - surface.radius * (1.0 + volume)
    coverage = torch.minimum(patch.inside(outside), _one_pixel_edge(above, patch)) * has_hair
    strands = torch.sin(30.0 * patch.x / (1.45 + patch.y) + phase + 3.0 * wave)
    shine = falloff(((patch.y + 0.62 + 0.25 * patch.x.square()) / 0.20).square())
    tone = 0.94 + 0.09 * strands + 0.22 * shine + 1.6 * wave
    patch.paint(coverage, p.hair[:, :, None, None] * tone[:, None])
    return coverage


def _one_pixel_edge(level: Tensor, patch: Patch) -> Tensor:
    """Coverage where `level` (B, H, W) is negative, its edge a pixel wide however steep the level is."""
    steep = torch.zeros_like(level)
    steep[:, :, 1:] = level.diff(dim=2).abs()
    steep[:, 1:] = torch.maximum(steep[:, 1:], level.diff(dim=1).abs())
    return (0.5 - level / torch.maximum(1.4 * steep, patch.soft)).clamp_(0.0, 1.0)
