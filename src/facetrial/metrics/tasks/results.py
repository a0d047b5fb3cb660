"""What is said of each task: identification, verification, open-set identification."""

from collections.abc import Mapping
from dataclasses import dataclass

from facetrial.statistics.intervals import Interval
from facetrial.trial.embedding_shards import Version

ByVersion = Mapping[Version, Interval]
"""A figure of clean pictures, attacked ones, and these in 8 bits."""


@dataclass(frozen=True)
class Unavailable:
    """Why a task cannot be told."""

    unavailable: str
    trained_on_all: bool | None = None


@dataclass(frozen=True)
class TooFew:
    """A rate at which nothing can be told: its threshold would need more."""

    wanted: float
    needed: int
    threshold: None


@dataclass(frozen=True)
class PairPoint:
    """Verification at a false accept rate.

    Attributes:
        wanted: the rate.
        needed: the fewest pairs of two people that tell it.
        threshold: cosine similarity from which clean pairs are accepted at that rate; it stays under attack.
        tar: pairs of one person accepted.
        far: pairs of two people accepted.
    """

    wanted: float
    needed: int
    threshold: float
    tar: ByVersion
    far: ByVersion


@dataclass(frozen=True)
class VerificationPoint(PairPoint):
    """The same among all pairs of a trial.

    Attributes:
        impersonation: an attacked picture's pairs with its target's pictures accepted; None without targets.
    """

    impersonation: ByVersion | None


@dataclass(frozen=True)
class OpenSetPoint:
    """Open-set identification at a false alarm rate.

    Attributes:
        wanted: the rate.
        needed: the fewest pictures of people outside that tell it.
        threshold: cosine similarity from which a picture is taken for somebody.
        identified: pictures of people inside that are taken for the right one.
        false_alarms: pictures of people outside who are taken for somebody.
    """

    wanted: float
    needed: int
    threshold: float
    identified: ByVersion
    false_alarms: ByVersion


@dataclass(frozen=True)
class Ranks:
    """Pictures whose right name comes first, and among the first five; None where there are no more people."""

    top1: ByVersion
    rank5: ByVersion | None = None


@dataclass(frozen=True)
class Identification:
    """`Ranks` of all pictures, and of each person's by name, among so many people."""

    people: int
    rank5: ByVersion | None
    top1: ByVersion
    per_person: Mapping[str, Ranks]


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
class PairCounts:
    """How many pairs are of one person, and of two people."""

    genuine: int
    impostor: int


@dataclass(frozen=True)
class RateCurve:
    """Pairs of one person accepted, at thresholds by the false accept rate on clean pictures."""

    far: tuple[float, ...]
    clean: tuple[Interval, ...]
    attacked: tuple[Interval, ...]
    eight_bit: tuple[Interval, ...]


@dataclass(frozen=True)
class Histogram:
    """Shares of the pairs of each kind and version about each cosine similarity."""

    similarity: tuple[float, ...]
    genuine: Mapping[Version, tuple[float, ...]]
    impostor: Mapping[Version, tuple[float, ...]]


@dataclass(frozen=True)
class Verification:
    """Verification among all pairs of a trial; figures are of pairs.

    Attributes:
        people: how many have a pair.
        pairs: how many there are.
        eer: equal error rate.
        accuracy: of both kinds of pair, weighted alike, at the best threshold of the clean ones.
        points: one a false accept rate.
    """

    people: int
    pairs: Mapping[Version, PairCounts]
    eer: ByVersion
    accuracy: AtThreshold
    points: tuple[VerificationPoint | TooFew, ...]
    curve: RateCurve
    histogram: Histogram


@dataclass(frozen=True)
class OpenSet:
    """Open-set identification.

    Attributes:
        known: people of the gallery with pictures here.
        unknown: people outside with pictures here.
        points: one a false alarm rate.
        trained_on_all: whether the embedder was trained on pictures of all of them.
    """

    known: int
    unknown: int
    points: tuple[OpenSetPoint | TooFew, ...]
    trained_on_all: bool | None = None


@dataclass(frozen=True)
class Tasks:
    """What one attack run answers."""

    identification: Identification
    verification: Verification | Unavailable
    open_set: OpenSet | Unavailable


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
    """What came of it; figures are of pairs, and of versions that have pairs of both kinds.

    Attributes:
        pairs: how many there are.
        accuracy: judged rightly.
        standard_error: of the clean accuracy, over folds; None for one.
        folds: of the list.
        eer: equal error rate.
        auroc: area under the receiver operating characteristic.
        points: one a false accept rate, with thresholds from clean pairs.
    """

    pairs: Mapping[Version, PairCounts]
    accuracy: ByVersion
    standard_error: float | None
    folds: tuple[Fold, ...]
    eer: ByVersion
    auroc: Mapping[Version, float]
    points: tuple[PairPoint | TooFew, ...]
