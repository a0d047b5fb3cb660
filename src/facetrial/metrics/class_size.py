"""Whether people with more training pictures are left more often under attack, and what of it is the head's doing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from torch import nn

from facetrial.recognition.gallery_head import GalleryHead
from facetrial.recognition.layers import base_model
from facetrial.statistics.intervals import Interval
from facetrial.statistics.logistic import LogisticFit, half_width, logistic, logistic_fit
from facetrial.statistics.spearman import spearman
from facetrial.trial.rows import ATTACKED

NEEDED_PICTURES, NEEDED_PEOPLE = 10, 5  # of the rarer outcome, for odds that say something
_POINTS = 25


@dataclass(frozen=True)
class TooFewOutcomes:
    """Why no odds are told.

    Attributes:
        rarer: what came about less often, recognised or missed.
        pictures: how often.
        people: with how many people.
        needed_pictures, needed_people: how many it takes.
    """

    rarer: Literal["recognised", "missed"]
    pictures: int
    people: int
    needed_pictures: int
    needed_people: int


@dataclass(frozen=True)
class ClassSizePoint:
    """The fitted share recognised under attack with that many training pictures, and its 95 % interval."""

    n_train: float
    value: float
    low: float
    high: float


@dataclass(frozen=True)
class ByHead:
    """What one head makes of the embeddings.

    Attributes:
        head: its name; "gallery" is cosine to each person's mean training embedding.
        doubling: the factor by which the odds of being recognised under attack change when the number of training
            pictures doubles.
        curve: the fit, from the fewest to the most; empty without one.
        clean_margin: Spearman's correlation, over people, of that number with the mean margin on clean pictures.
    """

    head: str
    doubling: Interval | TooFewOutcomes
    curve: tuple[ClassSizePoint, ...]
    clean_margin: Interval


@dataclass(frozen=True)
class ClassSize:
    """Whether the number of training pictures tells who is recognised under attack.

    Attributes:
        people: how many there are.
        train_pictures: most that anybody is trained on; None is no cap.
        capped: the people whose training pictures that caps.
        asks_victim: whether the attack looked at the own head's scores: its pictures are a transfer to another.
        own: of the victim's own verdicts.
        gallery: of cosine to the mean, on the same embeddings; None where it is the own head, or there are none.
        ratio: the own head's `doubling` over the gallery's, with an interval that knows both to be of the same
            pictures; None where one of both is not told.
    """

    people: int
    train_pictures: int | None
    capped: tuple[str, ...]
    asks_victim: bool
    own: ByHead
    gallery: ByHead | None = None
    ratio: Interval | None = None


@dataclass(frozen=True)
class Verdicts:
    """What a head says of a trial's pictures.

    Attributes:
        recognised: bool (N,), of them attacked.
        clean_margin: float (N,), the own score less the best other on them clean.
    """

    recognised: np.ndarray
    clean_margin: np.ndarray


def gallery_verdicts(
    identities: np.ndarray, embeddings: Mapping[str, np.ndarray] | None, victim: nn.Module
) -> Verdicts | None:
    """What cosine to each person's mean training embedding says; None where it is the victim's head, or there are none.

    Args:
        identities: int64 (N,), who is on each picture.
        embeddings: for each of VERSIONS float32 (N, D); None where there are none.
        victim: of the trial, whose head keeps the means.
    """
    head = getattr(base_model(victim), "head", None)
    gallery = getattr(head, "gallery", None)
    if embeddings is None or gallery is None or isinstance(head, GalleryHead):
        return None
    means = gallery.detach().cpu().numpy().astype(np.float32)
    if means.shape[-1] != embeddings["clean"].shape[1]:
        return None
    everyone = np.arange(len(identities))
    scores = embeddings["clean"] @ means.T
    own = scores[everyone, identities]
    scores[everyone, identities] = -np.inf
    attacked = (embeddings["attacked"] @ means.T).argmax(1)
    return Verdicts(attacked == identities, own - scores.max(1))


def class_size_summary(
    rows: pd.DataFrame,
    n_train: Mapping[str, int],
    head: str,
    asks_victim: bool,
    gallery: Verdicts | None = None,
    train_pictures: int | None = None,
    capped: Sequence[str] = (),
) -> ClassSize | None:
    """The logistic regression of being recognised under attack on log2 of the number of training pictures.

    Args:
        rows: verdict rows, one a picture.
        n_train: number of training pictures for each person's name.
        head: the name of the victim's head.
        asks_victim: whether the attack looks at its scores.
        gallery: what cosine to the mean says of the same rows.
        train_pictures: `data.train_pictures`.
        capped: the people whose training pictures it caps.

    Returns:
        None with fewer than three people, or where all have as many pictures.
    """
    attacked = (rows["status"] == ATTACKED).to_numpy()
    names = np.unique(rows["identity"][attacked])
    sizes = np.array([n_train[name] for name in names], dtype=float)
    if len(names) < 3 or len(np.unique(sizes)) < 2:
        return None
    numbers = {name: number for number, name in enumerate(names)}
    people = rows["identity"].map(numbers).fillna(-1).to_numpy(dtype=np.int64)
    own = Verdicts(rows["correct_attacked"].to_numpy(dtype=bool), rows["margin_clean"].to_numpy(dtype=float))
    n = int(attacked.sum())

    def of(name: str, verdicts: Verdicts) -> tuple[ByHead, LogisticFit | TooFewOutcomes]:
        fit = fit_of_head(verdicts.recognised[attacked], people[attacked], sizes)
        return _by_head(name, fit, _margins(verdicts, people, sizes), sizes, n), fit

    told, fit = of(head, own)
    if gallery is None:
        return ClassSize(len(names), train_pictures, tuple(capped), asks_victim, told)
    other, other_fit = of("gallery", gallery)
    ratio = None
    if isinstance(fit, LogisticFit) and isinstance(other_fit, LogisticFit):
        ratio = ratio_of_heads(fit, other_fit, n)
    return ClassSize(len(names), train_pictures, tuple(capped), asks_victim, told, other, ratio)


def fit_of_head(
    recognised: np.ndarray, people: np.ndarray, sizes: np.ndarray
) -> LogisticFit | TooFewOutcomes:
    """The regression of being recognised on log2 of the number of training pictures, from its mean on.

    Args:
        recognised: bool (N,), which attacked pictures are.
        people: int64 (N,), who is on each, by the place in `sizes`.
        sizes: float (P,), the number of training pictures; each person has an attacked picture.
    """
    totals = np.bincount(people, minlength=len(sizes))
    hits = np.bincount(people[recognised], minlength=len(sizes))
    missed = totals - hits
    rarer: Literal["recognised", "missed"] = "missed" if missed.sum() <= hits.sum() else "recognised"
    seen = missed if rarer == "missed" else hits
    if seen.sum() < NEEDED_PICTURES or (seen > 0).sum() < NEEDED_PEOPLE:
        return TooFewOutcomes(rarer, int(seen.sum()), int((seen > 0).sum()), NEEDED_PICTURES, NEEDED_PEOPLE)
    return logistic_fit(np.log2(sizes) - np.log2(sizes).mean(), hits, totals)


def doubling(fit: LogisticFit, n: int) -> Interval:
    """The factor of the odds per doubling, of n pictures."""
    return _factor(*fit.interval(np.array([0.0, 1.0])), n)


def ratio_of_heads(own: LogisticFit, other: LogisticFit, n: int) -> Interval:
    """How many times as large the own head's factor is as the other's, of the same n pictures."""
    value = (own.line - other.line)[1]
    worth = np.hypot(own.worth[:, 1], other.worth[:, 1])
    half = half_width((own.pull - other.pull)[:, 1], worth)
    return _factor(value, value - half, value + half, n)


def _factor(value: float, low: float, high: float, n: int) -> Interval:
    """Of odds, from log-odds."""
    return Interval(float(np.exp(value)), float(np.exp(low)), float(np.exp(high)), n)


def _by_head(
    head: str, fit: LogisticFit | TooFewOutcomes, clean_margin: Interval, sizes: np.ndarray, n: int
) -> ByHead:
    """What a head's fit says."""
    if isinstance(fit, TooFewOutcomes):
        return ByHead(head, fit, (), clean_margin)
    middle, curve = np.log2(sizes).mean(), []
    for shown in np.geomspace(sizes.min(), sizes.max(), _POINTS).tolist():
        ends = logistic(np.array(fit.interval(np.array([1.0, np.log2(shown) - middle]))))
        curve.append(ClassSizePoint(shown, *ends.tolist()))
    return ByHead(head, doubling(fit, n), tuple(curve), clean_margin)


def _margins(verdicts: Verdicts, people: np.ndarray, sizes: np.ndarray) -> Interval:
    """The correlation of people's number of training pictures with their mean clean margin, where it is finite."""
    known = people >= 0
    sums = np.bincount(people[known], verdicts.clean_margin[known], len(sizes))
    means = sums / np.bincount(people[known], minlength=len(sizes))
    told = np.isfinite(means)
    return spearman(sizes[told], means[told])
