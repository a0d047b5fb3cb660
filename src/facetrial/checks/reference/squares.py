"""The second half of the reference attack: squares by scores alone, which no masked slope can lead astray."""

import time

import torch
from torch import Tensor

from facetrial.checks.reference.search import ReferenceSearch, lengths

NORMS = ("linf", "l2", "rms")
_LARGEST, _SMALLEST = 0.5, 0.004  # squares, as shares of the region's pixels
_HEIGHTS = (1.0, 2.0, 4.0, 8.0)  # of squares in L2, beside a change that is the same everywhere


def paint(search: ReferenceSearch, rows: Tensor, queries: int, ends: float) -> int:
    """Paints squares of one colour over the best pictures of `rows`, and keeps those that come nearer to the goal.

    A random search after Andriushchenko et al., "Square Attack" (ECCV 2020), whose squares shrink from half the region
    to few pixels. It starts from stripes, or from what slopes have found where that is better.

    Args:
        search: keeps the best.
        rows: numbers of pictures (A,).
        queries: most pictures that are shown of each.
        ends: the time, of `time.monotonic`, after which none is.

    Returns:
        How many pictures of each were shown.
    """
    for query in range(queries):
        rows = search.standing(rows)
        if len(rows) == 0 or time.monotonic() > ends:
            return query
        share = _LARGEST * (_SMALLEST / _LARGEST) ** (query / queries)
        change = _square(search, rows, query, share) if query else _stripes(search, rows)
        search.look(rows, search.within(rows, change))
    return queries


def _stripes(search: ReferenceSearch, rows: Tensor) -> Tensor:
    signs = search.draws.select(rows).normal((3, 1, search.images.shape[-1]), "reference stripes").sign()
    return _full(search, rows, signs * search.region[rows])


def _square(search: ReferenceSearch, rows: Tensor, query: int, share: float) -> Tensor:
    """The change of the best pictures (A, 3, H, W) with a square about a pixel of the region painted over."""
    region = search.region[rows]
    chance = search.draws.select(rows).at(query).uniform((5,), "reference squares")
    pixels = (region > 0).flatten(1).cumsum(1)
    count = pixels[:, -1:]
    middle = torch.searchsorted(pixels, (chance[:, :1] * count).long() + 1)[:, 0]
    side = (share * count[:, 0]).sqrt().round().clamp(min=2)
    height, width = region.shape[-2:]
    across, down = (
        ((torch.arange(size, device=side.device) - at[:, None] + side[:, None] // 2) // side[:, None]) == 0
        for size, at in ((width, middle % width), (height, middle // width))
    )
    painted = (down[:, :, None] & across[:, None])[:, None]
    colour = torch.where(chance[:, 1:4] < 0.5, 1.0, -1.0)[:, :, None, None]
    change = search.best[rows] - search.images[rows]
    if search.norm == "linf":
        return torch.where(painted, colour * search.limits[rows], change)
    heights = side.new_tensor(_HEIGHTS)[(chance[:, 4] * len(_HEIGHTS)).long()]
    colour = colour * search.limits[rows] * (heights / (3 * count[:, 0]).sqrt())[:, None, None, None]
    return _full(search, rows, torch.where(painted, colour, change) * (region > 0))


def _full(search: ReferenceSearch, rows: Tensor, change: Tensor) -> Tensor:
    """Changes (A, 3, H, W) of `rows` as long as the budget allows."""
    if search.norm == "linf":
        return change.sign() * search.limits[rows]
    return change * (search.limits[rows] / lengths(change))
