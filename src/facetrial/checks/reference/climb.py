"""The first half of the reference attack: up the margin of the scores, by its slopes."""

import math
import time

import torch
from torch import Tensor

from facetrial.checks.reference.search import ReferenceSearch

_MOMENTUM = 0.75
_LEAST = 6  # pictures that are kept, however short the time: of fewer, all would be no more than chance
_LONGEST, _SHORTEST = 0.5, 0.02  # steps, as shares of the budget


def starts_of(search: ReferenceSearch) -> int:
    """How many starts there are."""
    return 3 if search.targets is None else 2


def turned_to(search: ReferenceSearch, start: int) -> Tensor | None:
    """Whom a start turns the pictures (B,) towards; None: whoever is nearest at every step, or the target.

    The second turns to the person who is nearest on the clean picture, the third to the second nearest: targeted
    starts, as in Croce and Hein, "Reliable evaluation of adversarial robustness" (ICML 2020).
    """
    if start == 0 or search.targets is not None:
        return None
    others = search.clean.scatter(1, search.own[:, None], -torch.inf).argsort(dim=1, descending=True)
    return others[:, min(start, others.shape[1] - 1) - 1]


def climb(search: ReferenceSearch, rows: Tensor, start: int, steps: int, ends: float) -> tuple[int, Tensor]:
    """Looks for better pictures of `rows` from a corner of the budget.

    It goes with momentum, by steps that shorten by a cosine. Where the time will not do for all steps of the first
    start on all rows, the last ones are given up after two.

    Args:
        search: keeps the best.
        rows: numbers of pictures (A,).
        start: its number, below `starts_of`; another corner is drawn for each.
        steps: most that are taken.
        ends: the time, of `time.monotonic`, after which no further step is taken.

    Returns:
        How many steps were taken, and those of `rows` that were not given up.
    """
    current, towards = _corner(search, rows, start), turned_to(search, start)
    velocity, kept, shortest = torch.zeros_like(current), rows, math.inf
    for step in range(steps + 1):
        begun = time.monotonic()
        gradient = search.slope(rows, current, None if towards is None else towards[rows])
        going = search.furthest[rows] <= 0
        now = time.monotonic()
        shortest = min(shortest, (now - begun) / len(rows))  # of two, since the first may be slow
        if start == 0 and step == 1:
            enough = int((ends - now) / max(shortest * (steps - 1), 1e-9))
            given_up = rows[going][max(enough, _LEAST) :]
            kept = kept[~torch.isin(kept, given_up)]
            going &= ~torch.isin(rows, given_up)
        rows, current, gradient, velocity = (part[going] for part in (rows, current, gradient, velocity))
        if len(rows) == 0 or step == steps or now > ends:
            return step, kept
        velocity = _MOMENTUM * velocity + gradient / gradient.abs().mean((1, 2, 3), keepdim=True).clamp(1e-30)
        length = max(_LONGEST * 0.5 * (1 + math.cos(math.pi * step / steps)), _SHORTEST)
        current = search.moved(rows, current, velocity, length)
    return steps, kept


def _corner(search: ReferenceSearch, rows: Tensor, start: int) -> Tensor:
    """Pictures half of the way to a corner of the budget that is drawn at random."""
    signs = search.draws.select(rows).normal(search.images.shape[1:], f"reference {start}").sign()
    return search.moved(rows, search.images[rows], signs * search.region[rows], 0.5)
