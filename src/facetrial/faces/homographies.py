"""Maps of the plane as matrices (B, 3, 3), and textures laid into pictures by them.

A map takes points (x, y, 1) to (wx, wy, w). Points name pixels by their centres, as in `facetrial.faces.frames`.
"""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from facetrial.faces.frames import pixel_centres

_NEAR = 1e-6  # the least w of a point that counts as before the camera


def inverted(maps: Tensor) -> Tensor:
    """The way back of maps (B, 3, 3); not finite where there is none."""
    first, second, third = maps.unbind(1)
    cofactors = [torch.linalg.cross(*rows) for rows in ((second, third), (third, first), (first, second))]
    determinant = (first * cofactors[0]).sum(1)
    return torch.stack(cofactors, dim=2) / determinant[:, None, None]


def moved(maps: Tensor, points: Tensor) -> Tensor:
    """Points (B, K, 2) under maps (B, 3, 3); NaN behind the camera."""
    x, y, w = (points @ maps[:, :, :2].mT + maps[:, None, :, 2]).unbind(2)
    w = torch.where(w > _NEAR, w, torch.nan)
    return torch.stack([x / w, y / w], dim=2)


def laid(
    textures: Tensor,
    maps: Tensor,
    height: int,
    width: int,
    finer: int = 1,
    flattened: Callable[[Tensor], Tensor] | None = None,
) -> Tensor:
    """Textures laid into black pictures, (B, C, H, W), differentiable in the textures.

    Args:
        textures: (B, C, h, w).
        maps: (B, 3, 3), from pixels of the texture to pixels of the picture, or to what `flattened` gives. Where a map
            is not finite or has no way back, nothing is laid.
        height: of the pictures.
        width: of the pictures.
        finer: places across and down in each pixel that are averaged, against aliasing; 1 takes its centre.
        flattened: from pixels of the picture, (1, K, 2), to points (B, K, 2) of a surface laid flat; NaN = off it.
    """
    back = inverted(maps)
    known = back.isfinite().flatten(1).all(1)[:, None, None]
    back = torch.where(known, back, torch.eye(3, device=maps.device))
    places = (pixel_centres(height * finer, width * finer, textures.device) + 0.5) / finer - 0.5
    places = places.view(1, -1, 2).to(back)
    there = moved(back, places if flattened is None else flattened(places))
    size = there.new_tensor(textures.shape[:-3:-1])
    grid = ((2 * there + 1) / size - 1).nan_to_num(-9.0, -9.0, -9.0).clamp(-9.0, 9.0)
    grid = torch.where(known, grid, -9.0).unflatten(1, (height * finer, width * finer))
    pictures = F.grid_sample(textures, grid, mode="bilinear", padding_mode="zeros", align_corners=False)
    return F.avg_pool2d(pictures, finer) if finer > 1 else pictures
