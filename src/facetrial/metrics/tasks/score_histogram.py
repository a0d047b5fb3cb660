"""What share of pairs of pictures has which cosine similarity, and what follows from it at every threshold.

Weights by cell, not scores, are kept, so that the memory is the same for a thousand pairs and for a billion. A pair is
accepted as one person where its similarity is not below the threshold; thresholds are edges of the cells.
"""

from dataclasses import dataclass, field
from typing import Self

import numpy as np

CELLS = 1 << 20  # over [-1, 1]: two millionths each, as near as similarities in float32 are known
# With fewer pairs, even none accepted would not put the rate below the wanted one with 95 % confidence
# (the rule of three: Hanley and Lippman-Hand, JAMA 1983).
LEAST_EXPECTED = 3


def cells_of(similarities: np.ndarray) -> np.ndarray:
    """The cell of each similarity, int32 of the same shape; NaN, of a picture without an answer, is accepted last."""
    scaled = (np.asarray(similarities, dtype=np.float32) + np.float32(1)) * np.float32(CELLS / 2)
    lowest_where_nan: np.ndarray = np.fmax(scaled, 0)
    return lowest_where_nan.clip(max=CELLS - 1).astype(np.int32)


def similarity_at(edge: float) -> float:
    """The similarity at the lower edge of a cell, from 0 to `CELLS`."""
    return 2.0 * edge / CELLS - 1.0


def pairs_needed(far: float) -> int:
    """How many impostor pairs a threshold at a false accept rate takes."""
    return round(LEAST_EXPECTED / far)


@dataclass
class ScoreCounts:
    """Pairs by cell, each with its weight.

    Attributes:
        genuine: float64 (CELLS,), weights of pairs of two pictures of one person.
        impostor: float64 (CELLS,), weights of pairs of pictures of two people.
    """

    genuine: np.ndarray
    impostor: np.ndarray
    _rates: tuple[np.ndarray, np.ndarray] | None = field(default=None, init=False, repr=False, compare=False)

    @classmethod
    def none(cls) -> Self:
        return cls(np.zeros(CELLS), np.zeros(CELLS))

    @classmethod
    def of(cls, genuine: np.ndarray, impostor: np.ndarray) -> Self:
        """Of similarities, of any shape, that all weigh 1."""
        counts = cls.none()
        counts.add(cells_of(genuine).ravel(), cells_of(impostor).ravel())
        return counts

    def add(
        self,
        genuine: np.ndarray,
        impostor: np.ndarray,
        genuine_weights: np.ndarray | None = None,
        impostor_weights: np.ndarray | None = None,
    ) -> None:
        """Counts the cells of further pairs, with a weight each; 1 without."""
        self._rates = None
        self.genuine += np.bincount(genuine, genuine_weights, minlength=CELLS)
        self.impostor += np.bincount(impostor, impostor_weights, minlength=CELLS)

    def rates(self) -> tuple[np.ndarray, np.ndarray]:
        """Shares of genuine and of impostor pairs accepted at each edge: TAR and FAR, float64 (CELLS + 1,) each."""
        if self._rates is None:  # a million cells, asked for at every threshold
            self._rates = _accepted(self.genuine), _accepted(self.impostor)
        return self._rates

    def edge_at(self, far: float) -> int:
        """The lowest edge at which no more than `far` of the impostor pairs are accepted."""
        return int(np.argmax(self.rates()[1] <= far * (1 + 1e-9)))

    def area(self) -> float:
        """The chance that a genuine pair is more similar than an impostor pair, ties by half: the area of the ROC."""
        below = np.cumsum(self.impostor) - self.impostor / 2
        return min(1.0, float(self.genuine @ below / (self.genuine.sum() * self.impostor.sum())))

    def best_edge(self) -> int:
        """The edge at which most is right of both kinds of pair, weighted alike: the middle one of the best."""
        accepted, falsely = self.rates()
        gain = accepted - falsely
        best = np.flatnonzero(gain >= gain.max() - 1e-12)
        first = best[: np.argmin(np.diff(best, append=-1) == 1) + 1]  # of several stretches the lowest
        return int(first[len(first) // 2])

    def equal_error_rate(self) -> float:
        """The error rate where falsely accepted and falsely refused shares are nearest each other: their mean."""
        accepted, falsely = self.rates()
        refused = 1.0 - accepted
        nearest = int(np.argmin(np.abs(refused - falsely)))
        return float((refused[nearest] + falsely[nearest]) / 2)

    def shares(self, edges: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The shares of genuine and of impostor pairs between neighbours of rising `edges` (E,): (E - 1,) each."""
        sums = (np.concatenate([[0], np.cumsum(counts)])[edges] for counts in (self.genuine, self.impostor))
        return tuple(np.diff(below) / (below[-1] or 1.0) for below in sums)


def _accepted(counts: np.ndarray) -> np.ndarray:
    tails = np.concatenate([np.cumsum(counts[::-1])[::-1], [0]])
    return tails / tails[0] if tails[0] else np.full(len(tails), np.nan)
