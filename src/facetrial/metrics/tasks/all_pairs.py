"""Every pair of a trial's pictures: one side maybe attacked, the other clean; and what it is without each person.

Who has many pictures has many more pairs, so that a share of pairs rests on a few people. Here every person weighs the
same in the share of genuine pairs, and every couple of people in that of impostor pairs, whatever their number of
pictures; beside it the plain share is kept, in which every pair weighs the same.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

import numpy as np

from facetrial.metrics.tasks.curves import Kind, Pairs, tails
from facetrial.metrics.tasks.score_histogram import CELLS, ScoreCounts, cells_of
from facetrial.statistics.left_out import Units

_AT_ONCE = 1 << 21  # similarities in memory


def count_all_pairs(
    probes: np.ndarray, places: np.ndarray, gallery: np.ndarray, people: np.ndarray
) -> ScoreCounts:
    """Weights of the similarities of each probe with every picture of the gallery but the one it was made from.

    Args:
        probes: float32 (M, D), unit norm.
        places: int64 (M,), which picture of the gallery each was made from.
        gallery: float32 (N, D), unit norm.
        people: int64 (N,), from 0 on: who is on each picture of the gallery.
    """
    counts, sizes = ScoreCounts.none(), Sizes.of(places, people)
    for block in _blocks(probes, places, gallery, people, sizes):
        counts.add(*block.cells, *block.weights)
    return counts


def leave_out_of_all_pairs(
    probes: np.ndarray, places: np.ndarray, gallery: np.ndarray, people: np.ndarray, grid: np.ndarray
) -> Pairs:
    """Weights as by `count_all_pairs`, and shares at the edges `grid` (G,) without each person."""
    sizes, steps = Sizes.of(places, people), len(grid) + 1
    count = len(sizes.probes)
    # Grid edges not above a cell.
    step = np.searchsorted(grid, np.arange(CELLS), side="right")
    counts, pooled = ScoreCounts.none(), ScoreCounts.none()
    own, seen_by, seen = np.zeros((3, count, steps))
    for block in _blocks(probes, places, gallery, people, sizes):
        counts.add(*block.cells, *block.weights)
        pooled.add(*block.cells)
        genuine, impostor = (step[cells] for cells in block.cells)
        for amounts, who, reached, weights in (
            (own, block.owners[0], genuine, block.weights[0]),
            (seen_by, block.owners[1], impostor, block.weights[1]),
            (seen, block.others, impostor, block.weights[1]),
        ):
            amounts += np.bincount(who * steps + reached, weights, minlength=count * steps).reshape(
                amounts.shape
            )
    mates, couples = sizes.mates > 0, sizes.couples
    return Pairs(
        counts,
        pooled,
        Kind(
            int(sizes.mates.sum()),
            sizes.mates,
            tails(own.sum(0) - own),
            Units.alike(
                int(mates.sum()), float(np.mean(1 / (sizes.pictures[mates] - 1))) if mates.any() else 0.0
            ),
        ),
        Kind(
            int(sizes.strangers.sum()),
            sizes.strangers + sizes.seen_by_strangers,
            tails(seen_by.sum(0) - seen_by - seen),
            # Both ways round, two people are one couple.
            Units.alike(max(couples // 2, 1), sizes.inverse_of_couples),
        ),
    )


@dataclass(frozen=True)
class Sizes:
    """How many pictures each of P people has.

    Attributes:
        probes: int64 (P,), that are compared.
        pictures: int64 (P,), that they are compared with.
    """

    probes: np.ndarray
    pictures: np.ndarray

    @classmethod
    def of(cls, places: np.ndarray, people: np.ndarray) -> Self:
        """Of probes made from `places` (M,) among the pictures of `people` (N,)."""
        count = int(people.max()) + 1
        return cls(np.bincount(people[places], minlength=count), np.bincount(people, minlength=count))

    @property
    def mates(self) -> np.ndarray:
        """int64 (P,), genuine pairs: each probe with the other pictures of its person."""
        found: np.ndarray = self.probes * np.maximum(self.pictures - 1, 0)
        return found

    @property
    def strangers(self) -> np.ndarray:
        """int64 (P,), impostor pairs of each person's probes."""
        found: np.ndarray = self.probes * (self.pictures.sum() - self.pictures)
        return found

    @property
    def seen_by_strangers(self) -> np.ndarray:
        """int64 (P,), impostor pairs of each person's pictures with the probes of others."""
        found: np.ndarray = self.pictures * (self.probes.sum() - self.probes)
        return found

    @property
    def couples(self) -> int:
        """How many pairs of a person with probes and another with pictures there are."""
        there, other = self.probes > 0, self.pictures > 0
        return int(there.sum() * other.sum() - (there & other).sum())

    @property
    def inverse_of_couples(self) -> float:
        """The mean over these of 1 / their number of impostor pairs."""
        inverse, other = (
            np.divide(1.0, sizes, out=np.zeros(len(sizes)), where=sizes > 0)
            for sizes in (self.probes, self.pictures)
        )
        return float(inverse.sum() * other.sum() - inverse @ other) / max(self.couples, 1)


@dataclass(frozen=True)
class _Block:
    """Genuine and impostor pairs of some probes, one after another.

    Attributes:
        cells: of their similarities, of each kind.
        weights: of each kind.
        owners: who the probe of each pair shows, of each kind.
        others: who the other picture of each impostor pair shows.
    """

    cells: tuple[np.ndarray, np.ndarray]
    weights: tuple[np.ndarray, np.ndarray]
    owners: tuple[np.ndarray, np.ndarray]
    others: np.ndarray


def _blocks(
    probes: np.ndarray, places: np.ndarray, gallery: np.ndarray, people: np.ndarray, sizes: Sizes
) -> Iterator[_Block]:
    at_once = max(1, _AT_ONCE // max(len(gallery), 1))
    for start in range(0, len(probes), at_once):
        chosen = places[start : start + at_once]
        cells = cells_of(probes[start : start + at_once] @ gallery.T)
        owner = people[chosen][:, None] + np.zeros_like(people)
        same = owner == people
        mates = same.copy()
        mates[np.arange(len(chosen)), chosen] = False
        owners = owner[mates], owner[~same]
        others = np.broadcast_to(people, same.shape)[~same]
        weights = 1 / sizes.mates[owners[0]], 1 / (sizes.probes[owners[1]] * sizes.pictures[others])
        yield _Block((cells[mates], cells[~same]), weights, owners, others)
