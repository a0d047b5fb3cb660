"""What is said of each task: identification, verification, open-set identification."""

from collections.abc import Mapping
from dataclasses import dataclass

from facetrial.core.plain import Measured
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
    """A rate at which nothing can be told: its threshold would need more than there are.

    Attributes:
        wanted: the rate.
        needed: the fewest independent pairs, or pictures, that tell it.
        found: as many as those of the validation pictures are worth.
    """

    wanted: float
    needed: int
    found: int
    threshold: None


@dataclass(frozen=True)
class OverPeople:
    """A figure in which everyone weighs the same, or every couple of people, whatever their number of pictures.

    Attributes:
        over_people: the figure, with its interval over people, and the number of pairs or pictures.
        pooled: the same where every pair or picture weighs the same, as is the field's convention. It has no interval:
            it rests on `effective_people`, too few to tell one by where somebody has many pictures.
        people: how many have a say.
        effective_people: how many people of one weight those of `pooled` are worth: (sum of w)² / sum of w², with
            each one's number w of pairs or pictures.
    """

    over_people: ByVersion
    pooled: Mapping[Version, Measured]
    people: Mapping[Version, int]
    effective_people: Mapping[Version, Measured]


@dataclass(frozen=True)
class ThresholdsFrom:
    """Clean pictures that thresholds are set on: validation pictures, none of which is scored.

    Attributes:
        pictures: how many.
        people: whom they show.
        worth: how many independent impostor pairs, or pictures of people outside the gallery, they are worth where
            every couple, or person, weighs the same.
    """

    pictures: int
    people: int
    worth: int


@dataclass(frozen=True)
class VerificationPoint:
    """Verification among all pairs of a trial, at a false accept rate.

    Attributes:
        wanted: the rate, on validation pictures.
        needed: the fewest pairs of two people that tell it.
        threshold: cosine similarity from which pairs are accepted; set on validation pictures, it stays under attack.
        tar: pairs of one person accepted.
        far: pairs of two people accepted, measured: the test's own, which need not be `wanted`.
        impersonation: an attacked picture's pairs with its target's pictures accepted; None without targets.
    """

    wanted: float
    needed: int
    threshold: float
    tar: OverPeople
    far: OverPeople
    impersonation: OverPeople | None


@dataclass(frozen=True)
class OpenSetPoint:
    """Open-set identification at a false alarm rate.

    Attributes:
        wanted: the rate, on validation pictures.
        needed: the fewest pictures of people outside that tell it.
        threshold: cosine similarity from which a picture is taken for somebody.
        identified: pictures of people inside that are taken for the right one.
        false_alarms: pictures of people outside who are taken for somebody, measured.
    """

    wanted: float
    needed: int
    threshold: float
    identified: OverPeople
    false_alarms: OverPeople


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
class BestThreshold:
    """The threshold that is best for validation pairs, both kinds weighted alike, and what it judges rightly."""

    threshold: float
    right: OverPeople


@dataclass(frozen=True)
class PairCounts:
    """How many pairs are of one person, and of two people."""

    genuine: int
    impostor: int


@dataclass(frozen=True)
class RateCurve:
    """Pairs of one person accepted, at thresholds by the false accept rate on the trial's own clean pictures.

    Everyone, and every couple of people, weighs the same. It shows what could be, and sets no threshold.
    """

    far: tuple[float, ...]
    clean: tuple[Interval, ...]
    attacked: tuple[Interval, ...]
    eight_bit: tuple[Interval, ...]


@dataclass(frozen=True)
class Histogram:
    """Shares of the pairs of each kind and version about each cosine similarity; everyone weighs the same."""

    similarity: tuple[float, ...]
    genuine: Mapping[Version, tuple[float, ...]]
    impostor: Mapping[Version, tuple[float, ...]]


@dataclass(frozen=True)
class Verification:
    """Verification among all pairs of a trial.

    Attributes:
        people: how many have a pair.
        pairs: how many there are.
        set_on: what thresholds were set on.
        eer: equal error rate, where the trial's own curves cross.
        auroc: area under the trial's own receiver operating characteristic.
        accuracy: at the best threshold of validation pictures; unavailable where nobody has two.
        points: one a false accept rate.
    """

    people: int
    pairs: Mapping[Version, PairCounts]
    set_on: ThresholdsFrom
    eer: OverPeople
    auroc: OverPeople
    accuracy: BestThreshold | Unavailable
    points: tuple[VerificationPoint | TooFew, ...]
    curve: RateCurve
    histogram: Histogram


@dataclass(frozen=True)
class OpenSet:
    """Open-set identification.

    Attributes:
        known: people of the gallery with pictures here.
        unknown: people outside with pictures here.
        set_on: what thresholds were set on.
        points: one a false alarm rate.
        trained_on_all: whether the embedder was trained on pictures of all of them.
    """

    known: int
    unknown: int
    set_on: ThresholdsFrom
    points: tuple[OpenSetPoint | TooFew, ...]
    trained_on_all: bool | None = None


@dataclass(frozen=True)
class Tasks:
    """What one attack run answers."""

    identification: Identification
    verification: Verification | Unavailable
    open_set: OpenSet | Unavailable
