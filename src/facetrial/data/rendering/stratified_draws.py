"""Draws that neighbouring people share evenly, so that a dozen of them already differ."""

from collections.abc import Iterator

import torch
from torch import Tensor

from facetrial.core.randomness import Draws


def stratified(seed: int, numbers: Tensor, columns: int) -> Iterator[Tensor]:
    """Columns (P,) in [0, 1) that neighbouring people share evenly.

    A start drawn from the seed, moved on by an irrational step a person (a Kronecker sequence, steps by Roberts'
    generalised golden ratio): unlike with independent draws, a dozen people differ in skin, hair and style.
    """
    start = Draws(seed, torch.zeros(1, dtype=torch.int64, device=numbers.device)).uniform(
        (columns,), "spread"
    )
    golden = 1.0
    for _ in range(50):
        golden = (1.0 + golden) ** (1.0 / (columns + 1))
    for column in range(columns):
        place = start[0, column].double() + numbers.double() * golden ** -(column + 1)
        yield place.remainder(1.0).float().clamp(max=1.0 - 2.0**-20)


def ramp_colour(palette: Tensor, position: Tensor) -> Tensor:
    """Colours (P, 3) at `position` in [0, 1] along a palette, neighbours mixed."""
    palette = palette.to(position.device)
    place = position * (len(palette) - 1)
    low = place.floor().long().clamp(max=len(palette) - 2)
    return torch.lerp(palette[low], palette[low + 1], (place - low)[:, None])


def pick(palette: Tensor, position: Tensor, count: Tensor | None = None) -> Tensor:
    """One of the first `count` entries, (P, ...), at `position` in (0, 1)."""
    count = torch.full_like(position, len(palette)) if count is None else count
    return palette.to(position.device)[(position * count).long()]
