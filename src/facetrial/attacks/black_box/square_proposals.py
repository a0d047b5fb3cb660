"""What the Square attack proposes: changes of single squares, for a budget in Linf and for one in L2."""

from abc import ABC, abstractmethod

import torch
from torch import Tensor

from facetrial.attacks.budgets.budget import norms
from facetrial.attacks.problem import Problem

_TRIES = 8  # colours drawn for a square, of which the first that changes the picture is taken


class Proposals(ABC):
    """Pictures that keep to budget, region and [0, 1], drawn by a picture's own random numbers."""

    @abstractmethod
    def start(self, problem: Problem) -> Tensor:
        """Pictures (B, 3, H, W) to start from."""

    @abstractmethod
    def change(self, problem: Problem, current: Tensor, share: float, step: int) -> Tensor:
        """`current` (B, 3, H, W) with a square changed that covers `share` of as many pixels as the region has."""


class LinfProposals(Proposals):
    """Stripes, then squares, of one colour out of the corners of the budget's box."""

    def start(self, problem: Problem) -> Tensor:
        width = problem.images.shape[-1]
        signs = (problem.draws.uniform((3, 1, width), "square start") < 0.5).float() * 2.0 - 1.0
        return self._corner(problem, signs)

    def change(self, problem: Problem, current: Tensor, share: float, step: int) -> Tensor:
        chance = problem.draws.uniform((2 + 3 * _TRIES,), f"square {step}")
        side = square_side(problem.region, share)
        window = windows(problem.region, side, chance[:, 1])
        high, low = self._corner(problem, 1.0), self._corner(problem, -1.0)
        # A colour that the square has already is no change: it would be a query for nothing.
        up = chance[:, 2:].unflatten(1, (_TRIES, 3)) < 0.5
        to_high = ((current != high) & window).flatten(2).any(2)[:, None]
        to_low = ((current != low) & window).flatten(2).any(2)[:, None]
        changes = torch.where(up, to_high, to_low).any(2)
        first = (changes * torch.arange(_TRIES, 0, -1, device=up.device)).argmax(1)
        up = up[torch.arange(len(up), device=up.device), first][:, :, None, None]
        return torch.where(window, torch.where(up, high, low), current)

    @staticmethod
    def _corner(problem: Problem, signs: Tensor | float) -> Tensor:
        """The pictures moved by the whole budget up or down."""
        images = problem.images
        return problem.budget.project(images, images + 2.0 * signs * problem.budget.limit, problem.region)


class L2Proposals(Proposals):
    """Tiles, then squares, that take over the budget of another square: a bump up beside a bump down."""

    def start(self, problem: Problem) -> Tensor:
        height, width = problem.images.shape[-2:]
        chance = problem.draws.uniform((4, height, width), "square start").flatten(2)
        # Five tiles a side where the region is the whole picture.
        tile = ((problem.region > 0).flatten(1).sum(1).sqrt().long() // 5).clamp(min=1)[:, None, None]
        row, column = _grid(height, width, tile.device)
        which = (row // tile * width + column // tile).flatten(1)[:, None].expand(-1, 4, -1)
        chance = chance.gather(2, which).unflatten(2, (height, width))
        bumps = two_bumps(row % tile, column % tile, tile, across=chance[:, 3] < 0.5)
        signs = (chance[:, :3] < 0.5).float() * 2.0 - 1.0
        return self._full(problem, bumps[:, None] * signs * problem.region)

    def change(self, problem: Problem, current: Tensor, share: float, step: int) -> Tensor:
        height, width = current.shape[-2:]
        chance = problem.draws.uniform((6,), f"square {step}")
        side = square_side(problem.region, share).clamp(min=3)
        side = (side + 1 - side % 2).clamp(max=(min(height, width) - 1) // 2 * 2 + 1)
        top, left = corners(problem.region, side, chance[:, 0])
        gains = _window(top, left, side, height, width)
        pays = windows(problem.region, side, chance[:, 1])
        row, column = _grid(height, width, side.device)
        row, column = row - top[:, None, None], column - left[:, None, None]
        bumps = two_bumps(row, column, side[:, None, None], across=chance[:, 2] < 0.5)[:, None]
        bumps = bumps * gains * problem.region
        signs = ((chance[:, 3:] < 0.5).float() * 2.0 - 1.0)[:, :, None, None]

        delta = current - problem.images
        size = problem.budget.size(height, width)
        unused = (size**2 - norms(delta).square()).clamp(min=0.0)
        energy = delta.square().mul(gains | pays).sum((2, 3), keepdim=True) + unused / 3
        mixed = signs * _unit(bumps) + _unit(delta * gains)
        delta = torch.where(gains, _unit(mixed) * energy.sqrt(), delta * ~pays)
        return self._full(problem, delta)

    @staticmethod
    def _full(problem: Problem, delta: Tensor) -> Tensor:
        """The pictures moved along `delta` by the budget's size, clipped."""
        size = problem.budget.size(*delta.shape[-2:])
        return (problem.images + size * problem.budget.steepest(delta)).clamp_(0.0, 1.0)


def square_side(region: Tensor, share: float) -> Tensor:
    """int64 (B,): the side of a square that has `share` of the pixels of each region (B, 1, H, W), 1 at least."""
    pixels = (region > 0).flatten(1).sum(1)
    side = (share * pixels).sqrt().round().long()
    return side.clamp(min=1, max=max(min(region.shape[-2:]) - 1, 1))


def corners(region: Tensor, side: Tensor, chance: Tensor) -> tuple[Tensor, Tensor]:
    """Row and column (B,) of the upper left pixel of squares, uniform among those that meet the region.

    Args:
        region: (B, 1, H, W).
        side: int64 (B,), at most H and W.
        chance: (B,) in [0, 1).
    """
    height, width = region.shape[-2:]
    filled = torch.nn.functional.pad((region[:, 0] > 0).long().cumsum(1).cumsum(2), (1, 0, 1, 0))
    row, column = _grid(height, width, region.device)
    below = (row[0, :, 0] + side[:, None]).clamp(max=height)[:, :, None].expand(-1, -1, width + 1)
    right = (column[0, 0] + side[:, None]).clamp(max=width)[:, None].expand(-1, height, -1)
    strips = filled.gather(1, below) - filled[:, :-1]  # pixels left of a column, in the rows of a square
    held = strips.gather(2, right) - strips[:, :, :-1]
    inside = (row + side[:, None, None] <= height) & (column + side[:, None, None] <= width)
    running = ((held > 0) & inside).flatten(1).cumsum(1)
    wanted = (chance * running[:, -1]).long() + 1
    place = torch.searchsorted(running, torch.minimum(wanted, running[:, -1])[:, None])[:, 0]
    return place // width, place % width


def windows(region: Tensor, side: Tensor, chance: Tensor) -> Tensor:
    """Squares drawn by `corners`, as masks bool (B, 1, H, W)."""
    return _window(*corners(region, side, chance), side, *region.shape[-2:])


def two_bumps(row: Tensor, column: Tensor, side: Tensor, across: Tensor) -> Tensor:
    """A square's upper half with a bump up and its lower half with a bump down, as the paper's (2).

    Args:
        row, column: int64, broadcasting to (B, H, W): places counted from the square's upper left pixel.
        side: int64 (B, 1, 1), of the square; what lies outside it has no meaning.
        across: (B,) or (B, H, W) bool: left and right in place of upper and lower.
    """
    across = across if across.ndim == 3 else across[:, None, None]
    row, column = torch.broadcast_tensors(row, column)
    row, column = torch.where(across, column, row), torch.where(across, row, column)
    half = side // 2
    upper = row < half
    middle = torch.where(upper, half // 2, half + (side - half) // 2)
    distance = torch.maximum((row - middle).abs(), (column - half).abs()).clamp(max=int(side.max()) + 1)
    # A bump is a sum of nested squares, the k-th of height 1 / k^2.
    heights = torch.arange(1, int(side.max()) + 2, dtype=torch.float32, device=row.device).pow(-2)
    total = torch.cat([heights.new_zeros(1), heights.cumsum(0)])
    bump = total[half + 1] - total[distance]
    return torch.where(upper, bump, -bump)


def _unit(change: Tensor) -> Tensor:
    """Each channel of (B, 3, H, W) scaled to norm 1; what is zero stays so."""
    lengths: Tensor = change.flatten(2).norm(dim=2)
    return change / lengths[:, :, None, None].clamp(min=1e-10)


def _grid(height: int, width: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Rows (1, H, 1) and columns (1, 1, W), int64."""
    return torch.arange(height, device=device)[None, :, None], torch.arange(width, device=device)[None, None]


def _window(top: Tensor, left: Tensor, side: Tensor, height: int, width: int) -> Tensor:
    row, column = _grid(height, width, side.device)
    top, left, side = (value[:, None, None] for value in (top, left, side))
    rows = (row >= top) & (row < top + side)
    return (rows & (column >= left) & (column < left + side))[:, None]
