"""The nearest picture of 8 bits that keeps to a budget: what a lossless file can hold of a changed picture."""

import math

import torch
from torch import Tensor

_HALVINGS = 14
_SPARE = 1e-6  # of the budget, for what float32 rounds


def to_8_bits(images: Tensor) -> Tensor:
    """The nearest pictures of 8 bits, (B, 3, H, W) in [0, 1], whatever they were made of."""
    return (images * 255.0).round() / 255.0


def within_power_sum(images: Tensor, changed: Tensor, size: float | Tensor, power: float) -> Tensor:
    """The pictures of 8 bits nearest to `changed` whose change has a norm of no more than `size`.

    Where rounding to the nearest values makes a change larger than the budget, values go one step less far: those that
    free most of the budget for the least error, by a common price (a Lagrange multiplier) that halving finds.

    Args:
        images: (B, 3, H, W) in [0, 1], clean; the budget can be kept where these have 8 bits.
        changed: (B, 3, H, W) in [0, 1], whose change keeps to it.
        size: of the norm, or (B, 1, 1, 1).
        power: of the norm: 1, 2 or infinity.
    """
    clean, wanted = images * 255.0, changed * 255.0
    nearest = wanted.round()
    less_far = nearest - (nearest - clean).sign()
    most = torch.as_tensor(size, dtype=clean.dtype, device=clean.device).reshape(-1, 1, 1, 1) * 255.0
    if math.isinf(power):
        too_far = (nearest - clean).abs() > most * (1 + _SPARE) + 1e-4
        return torch.where(too_far, less_far, nearest) / 255.0
    used = (nearest - clean).abs().pow(power)
    over = used.flatten(1).sum(1) - (most.flatten() ** power) * (1 - _SPARE)
    rows = (over > 0).nonzero()[:, 0]
    if len(rows) == 0:
        return nearest / 255.0
    wanted, near, far = wanted[rows], nearest[rows], less_far[rows]
    freed = used[rows] - (far - clean[rows]).abs().pow(power)
    error = (far - wanted).square() - (near - wanted).square()
    price = torch.where(freed > 0, error / freed.clamp(min=1e-12), torch.inf).clamp(min=0.0)
    # An error is at most 1, and of clean pictures of 8 bits a step frees at least 1: no price is as high as 2.
    low, high = torch.zeros_like(over[rows]), torch.full_like(over[rows], 2.0)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        enough = (freed * (price < middle[:, None, None, None])).flatten(1).sum(1) >= over[rows]
        low, high = torch.where(enough, low, middle), torch.where(enough, middle, high)
    nearest[rows] = torch.where(price < high[:, None, None, None], far, near)
    return nearest / 255.0
