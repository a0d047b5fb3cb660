"""Shares of genuine and of impostor pairs accepted at every threshold, and what they are without each person."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from facetrial.metrics.tasks.score_histogram import ScoreCounts
from facetrial.statistics.left_out import Units

_GRID = 64  # thresholds by false accept rate, and half as many evenly spaced


@dataclass(frozen=True)
class Kind:
    """Genuine or impostor pairs, and how their acceptance moves with people.

    Attributes:
        pairs: how many there are.
        of_person: int64 (P,), in how many each person is.
        without: float64 (P, G), the share accepted at each edge of a grid, rising, without each person.
        units: people, or couples of people, that the share is a mean over.
    """

    pairs: int
    of_person: np.ndarray
    without: np.ndarray
    units: Units


@dataclass(frozen=True)
class Pairs:
    """What came of pairs.

    Attributes:
        counts: with each pair's weight, that of a mean over people and over couples of people.
        pooled: each pair weighs 1.
        genuine, impostor: the two kinds.
    """

    counts: ScoreCounts
    pooled: ScoreCounts
    genuine: Kind
    impostor: Kind

    @property
    def kinds(self) -> tuple[Kind, Kind]:
        return self.genuine, self.impostor


def threshold_grid(counts: ScoreCounts, lowest: float, edges: Sequence[int] = ()) -> np.ndarray:
    """Edges, rising, to interpolate between: evenly by the logarithm of the false accept rate, evenly, and `edges`.

    Args:
        counts: of clean pairs.
        lowest: false accept rate.
        edges: that are to be among them.
    """
    _, falsely = counts.rates()
    rates = np.geomspace(1, min(lowest, 0.5), _GRID)
    by_rate = np.searchsorted(-falsely, -rates)  # the lowest edge at which no more are accepted
    seen = np.flatnonzero(counts.genuine + counts.impostor)
    evenly = np.linspace(seen[0], seen[-1] + 1, _GRID // 2).round().astype(np.int64)
    return np.unique(np.concatenate([by_rate, evenly, np.array(edges, dtype=np.int64)]))


def places_at(falsely: np.ndarray, far: float) -> np.ndarray:
    """Where on the grid falling false accept rates (R, G) come down to `far`: places (R,) in [0, G - 1].

    Where there is no false accept rate, there is no place: NaN.
    """
    first = (falsely <= far).argmax(1)
    first = np.where((falsely <= far).any(1), first, falsely.shape[1] - 1)
    before = np.maximum(first - 1, 0)
    rows = np.arange(len(falsely))
    above, below = falsely[rows, before], falsely[rows, first]
    with np.errstate(invalid="ignore", divide="ignore"):
        part = np.where(above > below, (above - far) / (above - below), 1.0)
    places = before + part.clip(0, 1) * (first - before)
    return np.where(np.isnan(falsely).any(1), np.nan, places)


def read_at(curves: NDArray[np.float64], places: NDArray[np.float64]) -> NDArray[np.float64]:
    """The values (R,) of curves (R, G) at places (R,) between their points; NaN at no place."""
    rows = np.arange(len(curves))
    before = np.nan_to_num(places).astype(np.int64)
    after: NDArray[np.int64] = np.minimum(before + 1, curves.shape[1] - 1)
    return curves[rows, before] + (places - before) * (curves[rows, after] - curves[rows, before])


def equal_error_rates(accepted: np.ndarray, falsely: np.ndarray) -> np.ndarray:
    """The equal error rates (R,) of curves (R, G): where the rates cross between two points of the grid."""
    return read_at(falsely, places_at(falsely - (1 - accepted), 0.0))  # the difference falls from 1 to -1


def areas(accepted: np.ndarray, falsely: np.ndarray) -> np.ndarray:
    """The areas (R,) under curves (R, G), from all accepted to none."""
    accepted, falsely = (
        np.pad(rates, ((0, 0), (1, 1)), constant_values=((0, 0), (1, 0))) for rates in (accepted, falsely)
    )
    return np.asarray(-np.trapezoid(accepted, falsely, axis=1))


def tails(amounts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Shares (R, G) of what lies at each edge of the grid or above, from amounts (R, G + 1) between the edges."""
    left = np.cumsum(amounts[:, ::-1], axis=1)[:, ::-1]
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(left[:, :1] > 1e-9, left[:, 1:] / left[:, :1], np.nan).clip(0, 1)
