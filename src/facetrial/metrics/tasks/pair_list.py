"""What is said of a list of pairs, whose thresholds come from other pairs of it."""

from collections.abc import Mapping
from dataclasses import dataclass

from facetrial.core.plain import Measured
from facetrial.metrics.tasks.results import ByVersion, PairCounts, TooFew
from facetrial.statistics.intervals import Interval
from facetrial.trial.embedding_shards import Version


@dataclass(frozen=True)
class AtThreshold:
    """A figure for each version, and the cosine similarity that is the threshold."""

    threshold: float
    clean: Interval
    attacked: Interval
    eight_bit: Interval

    @property
    def by_version(self) -> ByVersion:
        return {"clean": self.clean, "attacked": self.attacked, "8bit": self.eight_bit}


@dataclass(frozen=True)
class PairPoint:
    """Verification at a false accept rate.

    Attributes:
        wanted: the rate, on the clean pairs of other parts of the list.
        needed: the fewest pairs of two people that tell it.
        threshold: cosine similarity from which pairs are accepted, the mean over parts; it stays under attack.
        tar: pairs of one person accepted.
        far: pairs of two people accepted, measured.
    """

    wanted: float
    needed: int
    threshold: float
    tar: ByVersion
    far: ByVersion


@dataclass(frozen=True)
class Fold(AtThreshold):
    """A fold of the list, by number from 1 on: pairs judged rightly at its threshold, or at the mean of its parts'."""

    fold: int


@dataclass(frozen=True)
class ListOfPairs:
    """A list of pairs, and how it was judged.

    Attributes:
        list: its file's name.
        threshold: how thresholds were found, in words.
        attacked_side: "first" or "second".
        mirror: whether an embedding is that of the picture plus that of its mirror image.
        embedder_as_published: whether the embedder was trained on no picture below data.root.
    """

    list: str
    threshold: str
    attacked_side: str
    mirror: bool
    embedder_as_published: bool


@dataclass(frozen=True)
class PairFigures(ListOfPairs):
    """What came of it; figures are of pairs, each of one weight, and of versions that have pairs of both kinds.

    Attributes:
        pairs: how many there are.
        people: who is in them.
        effective_people: how many of one weight they are worth: (sum of w)² / sum of w², with each one's number w of
            pairs.
        accuracy: judged rightly.
        standard_error: of the clean accuracy, over folds; None for one.
        folds: of the list.
        eer: equal error rate.
        auroc: area under the receiver operating characteristic.
        points: one a false accept rate.
    """

    pairs: Mapping[Version, PairCounts]
    people: Mapping[Version, int]
    effective_people: Mapping[Version, Measured]
    accuracy: ByVersion
    standard_error: float | None
    folds: tuple[Fold, ...]
    eer: ByVersion
    auroc: ByVersion
    points: tuple[PairPoint | TooFew, ...]
