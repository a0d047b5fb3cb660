"""Every pair of a trial's pictures: one side maybe attacked, the other clean; and how far chance moves the counts.

Pairs share pictures and people, so that chance is in the people: they are drawn anew with replacement, and a pair of
two people counts as often as both were drawn together, a pair of one person as often as that person was (the vertex
bootstrap: Snijders and Borgatti, "Non-parametric standard errors and tests for network statistics", 1999; for face
verification Fogliato et al., "Confidence intervals for error rates in 1:1 matching tasks", IJCV 2024).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from facetrial.metrics.tasks.score_histogram import CELLS, ScoreCounts, cells_of
from facetrial.statistics.intervals import Interval, wilson

RESAMPLES = 1000
LEAST_RESAMPLES = 200
_WORK = 2e11  # multiplications that the resampling may take
_AT_ONCE = 1 << 22  # similarities in memory
_GRID = 64  # thresholds by false accept rate, and half as many evenly spaced


@dataclass
class Pairs:
    """What came of all pairs.

    Attributes:
        counts: of all pairs.
        accepted: float64 (R, K), the share of genuine pairs accepted at K thresholds, rising, in R draws of people.
        falsely: float64 (R, K), that of impostor pairs.
        people: how many people have a genuine pair.
        couples: how many pairs of people have an impostor pair.
    """

    counts: ScoreCounts
    accepted: np.ndarray
    falsely: np.ndarray
    people: int
    couples: int


def count_all_pairs(
    probes: np.ndarray, places: np.ndarray, gallery: np.ndarray, people: np.ndarray
) -> ScoreCounts:
    """Counts of the similarities of each probe with every picture of the gallery but the one it was made from.

    Args:
        probes: float32 (M, D), unit norm.
        places: int64 (M,), which picture of the gallery each was made from.
        gallery: float32 (N, D), unit norm.
        people: int64 (N,), from 0 on: who is on each picture of the gallery.
    """
    counts = ScoreCounts.none()
    for _, cells, genuine, impostor in _blocks(probes, places, gallery, people):
        _add(counts, cells, genuine, impostor)
    return counts


def threshold_grid(counts: ScoreCounts) -> np.ndarray:
    """K edges, rising, to interpolate between: evenly by the logarithm of the false accept rate, and evenly."""
    _, falsely = counts.rates()
    rates = np.geomspace(1, 1 / max(counts.pairs[1], 2), _GRID)
    by_rate = np.searchsorted(-falsely, -rates)  # the lowest edge at which no more are accepted
    seen = np.flatnonzero(counts.genuine + counts.impostor)
    evenly = np.linspace(seen[0], seen[-1] + 1, _GRID // 2).round().astype(np.int64)
    return np.unique(np.concatenate([by_rate, evenly]))


def resample_all_pairs(
    probes: np.ndarray,
    places: np.ndarray,
    gallery: np.ndarray,
    people: np.ndarray,
    grid: np.ndarray,
    seed: int = 0,
) -> Pairs:
    """Counts as by `count_all_pairs`, and the rates at the edges `grid` (K,) in draws of people.

    The draws depend on `seed` and the number of people alone, so that those of two calls belong together.
    """
    count = int(people.max()) + 1
    cost = 2 * count**2 * (len(grid) + 1)
    draws = people_draws(count, int(np.clip(_WORK / cost, LEAST_RESAMPLES, RESAMPLES)), seed)
    weights = draws.astype(np.float32)
    # Grid edges not above a cell.
    step = np.searchsorted(grid, np.arange(CELLS), side="right").astype(np.int32)
    steps = len(grid) + 1
    counts = ScoreCounts.none()
    accepted, falsely = np.zeros((2, len(draws), steps))
    for owners, cells, genuine, impostor in _blocks(probes, places, gallery, people):
        _add(counts, cells, genuine, impostor)
        reached = step[cells]
        for person in np.unique(owners):
            own = owners == person
            same = np.bincount(reached[own][genuine[own]], minlength=steps)
            accepted += draws[:, person, None] * same
            # One's own pictures are no impostors: their column is emptied.
            keys = (people * steps + reached[own]).ravel()
            other = np.bincount(keys, minlength=count * steps).reshape(count, steps).astype(np.float32)
            other[person] = 0
            falsely += draws[:, person, None] * (weights @ other)
    probes_of = np.bincount(people[places], minlength=count)
    pictures_of = np.bincount(people, minlength=count)
    return Pairs(
        counts,
        _tails(accepted),
        _tails(falsely),
        people=int(((probes_of > 0) & (pictures_of > 1)).sum()),
        couples=int((probes_of > 0).sum()) * (int((pictures_of > 0).sum()) - 1),
    )


def people_draws(people: int, resamples: int, seed: int) -> np.ndarray:
    """How often each person is drawn, int64 (R, P), in draws of as many people with replacement."""
    return np.random.default_rng(seed).multinomial(people, np.full(people, 1 / people), size=resamples)


def places_at(falsely: np.ndarray, far: float) -> np.ndarray:
    """Where on the grid falling false accept rates (R, K) come down to `far`: places (R,) in [0, K - 1].

    A draw of one person alone has no false accept rate, and no place: NaN.
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
    """The values (R,) of curves (R, K) at places (R,) between their points; NaN at no place."""
    rows = np.arange(len(curves))
    before = np.nan_to_num(places).astype(np.int64)
    after: NDArray[np.int64] = np.minimum(before + 1, curves.shape[1] - 1)
    return curves[rows, before] + (places - before) * (curves[rows, after] - curves[rows, before])


def equal_error_rates(pairs: Pairs) -> np.ndarray:
    """The equal error rate of each draw, (R,): where the rates cross between two points of the grid."""
    difference = pairs.falsely - (1 - pairs.accepted)  # falls from 1 to -1
    return read_at(pairs.falsely, places_at(difference, 0.0))


def interval_of(value: float, draws: np.ndarray, n: int, units: int) -> Interval:
    """A share with the percentile interval of its draws.

    A share of none or all, that no draw can move, has the interval of Wilson over `units`, what is independent: people,
    or pairs of people.
    """
    draws = draws[np.isfinite(draws)]
    if n == 0 or len(draws) == 0 or not np.isfinite(value):
        return Interval(np.nan, 0.0, 1.0, n)
    low, high = (float(end) for end in np.quantile(draws, (0.025, 0.975)))
    if value in (0.0, 1.0) and units:
        alone = wilson(round(value * units), units)
        low, high = min(low, alone.low), max(high, alone.high)
    return Interval(float(value), min(low, value), max(high, value), n)


def _tails(steps: NDArray[np.float64]) -> NDArray[np.float64]:
    """Shares (R, K) of what lies at each edge of the grid or above, from amounts (R, K + 1) between the edges."""
    tails = np.cumsum(steps[:, ::-1], axis=1)[:, ::-1]
    with np.errstate(invalid="ignore"):
        return tails[:, 1:] / tails[:, :1]


def _blocks(
    probes: np.ndarray, places: np.ndarray, gallery: np.ndarray, people: np.ndarray
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]]:
    """Of B probes at a time, person after person: who is shown (B,); cells, genuine, impostor (B, N)."""
    order = np.argsort(people[places], kind="stable")
    at_once = max(1, _AT_ONCE // max(len(gallery), 1))
    for start in range(0, len(order), at_once):
        chosen = order[start : start + at_once]
        owners = people[places[chosen]]
        cells = cells_of(probes[chosen] @ gallery.T)
        same = owners[:, None] == people
        genuine = same.copy()
        genuine[np.arange(len(chosen)), places[chosen]] = False
        yield owners, cells, genuine, ~same


def _add(counts: ScoreCounts, cells: np.ndarray, genuine: np.ndarray, impostor: np.ndarray) -> None:
    counts.genuine += np.bincount(cells[genuine], minlength=CELLS)
    counts.impostor += np.bincount(cells[impostor], minlength=CELLS)
