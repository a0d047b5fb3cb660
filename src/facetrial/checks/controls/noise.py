"""Noise of a budget's full size, as strong as one finds it without asking anybody."""

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from facetrial.attacks.budgets.area import Area
from facetrial.attacks.budgets.budget import Budget
from facetrial.core.randomness import Draws

_SIDES = (
    1,
    1 / 8,
    1 / 3,
)  # of squares of one sign, by turns: the first of a pixel, the others of the picture's side
_PIXELS = ("l0", "area")  # norms that count pixels, each of a colour of its own


def noisy(images: Tensor, region: Tensor, budget: Budget, size: Tensor, draws: Draws, number: int) -> Tensor:
    """Pictures (B, 3, H, W) with noise of random sign in squares, of a given size in the budget's norm.

    Args:
        images: (B, 3, H, W) in [0, 1].
        region: (B, 1, H, W); where it is 0 nothing changes.
        budget: whose norm.
        size: (B,), in the units of the budget's `limit`.
        draws: random numbers for these pictures.
        number: which noise; squares are larger by turns.
    """
    height, width = images.shape[-2:]
    side = 1 if budget.norm in _PIXELS else _SIDES[number % len(_SIDES)]
    squares = [max(1, round(1 / side))] * 2 if side < 1 else [height, width]
    signs = F.interpolate(draws.normal((3, *squares), f"control {number}").sign(), size=[height, width])
    inside, size = (region > 0).to(images.dtype), size.view(-1, 1, 1, 1)
    if budget.norm in _PIXELS:
        count = size.flatten() * (height * width if isinstance(budget, Area) else 1)
        chance = draws.uniform((height, width), f"control places {number}")[:, None].masked_fill(
            inside == 0, math.inf
        )
        places = chance.flatten(1).argsort(dim=1).argsort(dim=1).view_as(chance)
        chosen = (places < count.floor().view(-1, 1, 1, 1)) & (inside > 0)
        return torch.where(chosen, images + region * ((signs > 0).to(images.dtype) - images), images)
    if budget.norm == "linf":
        change = size * region * signs
    else:
        flat = (signs * inside).flatten(1)
        values = images[0].numel()
        lengths = flat.abs().sum(1) if budget.norm == "l1" else flat.norm(dim=1)
        full = size * math.sqrt(values) if budget.norm == "rms" else size
        change = signs * inside * full / lengths.clamp(min=1e-12).view(-1, 1, 1, 1)
    return (images + change).clamp(0.0, 1.0)
