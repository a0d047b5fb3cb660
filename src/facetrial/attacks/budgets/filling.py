"""How far noise goes until a norm of the clipped change is met, exactly and the same in every batch."""

import torch
from torch import Tensor

from facetrial.core.exact_sums import fixed_point, total


def scale_to_norm(
    images: Tensor, direction: Tensor, size: float | Tensor, power: int
) -> tuple[Tensor, Tensor]:
    """The scale s (B,) float64 at which clip(images + s x direction) - images has the Lp norm `size`.

    Solves sum_i min(s |d_i|, room_i)^p = size^p exactly: with the clipped values held fixed it is solved at once,
    and the set of clipped values only grows as s rises to its solution, so that a few rounds end it.

    Args:
        images: (B, 3, H, W) in [0, 1].
        direction: (B, 3, H, W).
        size: the norm; one, or (B, 1, 1, 1).
        power: p, 1 or 2.

    Returns:
        s, infinite where even the fully clipped change is too small, and (B,) bool whether the size is reached.
    """
    magnitude = direction.double().abs()
    space = room_along(images, direction)
    space_p, magnitude_p = fixed_point(space**power), fixed_point(magnitude**power)
    target = torch.as_tensor(size, dtype=torch.float64, device=images.device).flatten() ** power
    reached = total(space_p) > target
    limit = torch.where(magnitude > 0, space / magnitude, torch.inf)
    scale = torch.zeros(len(images), dtype=torch.float64, device=images.device)
    for _ in range(100):
        free = limit > scale[:, None, None, None]
        left = target - total(space_p * ~free)
        following = (left / total(magnitude_p * free)).clamp(min=0) ** (1 / power)
        following = torch.maximum(torch.where(reached, following, torch.inf), scale)
        if torch.equal(following, scale):
            break
        scale = following
    return scale, reached


def room_along(images: Tensor, direction: Tensor) -> Tensor:
    """How far each value can move along the sign of `direction` before it is clipped, float64 (B, 3, H, W)."""
    room = torch.where(direction > 0, 1.0 - images, images)
    return torch.where(direction == 0, 0.0, room).double()
