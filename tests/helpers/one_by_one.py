"""Figures of the tasks counted pair by pair and picture by picture: slow, and of none of the package's code."""

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from sklearn.metrics import roc_auc_score, roc_curve


class Pair(NamedTuple):
    similarity: float
    person: int  # of the picture that may be attacked
    other: int


def all_pairs(
    probes: np.ndarray, places: Sequence[int], clean: np.ndarray, people: Sequence[int], once: bool
) -> list[Pair]:
    """Each picture made from `places` with every other clean one; `once`: of two clean ones in one order alone."""
    similarities = probes @ clean.T
    return [
        Pair(float(similarities[row, other]), int(people[place]), int(people[other]))
        for row, place in enumerate(places)
        for other in range(len(clean))
        if other != place and not (once and other < place)
    ]


def weights(pairs: list[Pair]) -> np.ndarray:
    """What each pair weighs where all people with a pair do alike, and so do all couples of two people."""
    couples: dict[frozenset | tuple, int] = defaultdict(int)
    for pair in pairs:
        couples[pair.person, pair.other] += 1
    genuine = sum(person == other for person, other in couples)
    impostor = len(couples) - genuine
    return np.array(
        [
            1 / couples[pair.person, pair.other] / (genuine if pair.person == pair.other else impostor)
            for pair in pairs
        ]
    )


def accepted(pairs: list[Pair], threshold: float, genuine: bool) -> tuple[float, float, int]:
    """The share of pairs of this kind at or above a threshold: people or couples alike, pairs alike, and how many."""
    of_couple: dict[tuple[int, int], list[bool]] = defaultdict(list)
    for pair in pairs:
        if (pair.person == pair.other) == genuine:
            of_couple[pair.person, pair.other].append(pair.similarity >= threshold)
    hits = [hit for own in of_couple.values() for hit in own]
    return float(np.mean([np.mean(own) for own in of_couple.values()])), float(np.mean(hits)), len(hits)


def effective_people(pairs: list[Pair], genuine: bool) -> float:
    """(sum of w)² / sum of w², with the number w of pairs of this kind that each person is in."""
    count: dict[int, int] = defaultdict(int)
    for pair in pairs:
        if (pair.person == pair.other) == genuine:
            for person in {pair.person, pair.other}:
                count[person] += 1
    return sum(count.values()) ** 2 / sum(number**2 for number in count.values())


def curve(pairs: list[Pair], alike: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Scikit-learn's false and true accept rates, and thresholds; `alike`: every pair weighs 1."""
    same = [pair.person == pair.other for pair in pairs]
    weight = None if alike else weights(pairs)
    scores = [pair.similarity for pair in pairs]
    return roc_curve(same, scores, sample_weight=weight, drop_intermediate=False)


def equal_error_rate(pairs: list[Pair], alike: bool) -> float:
    fpr, tpr, _ = curve(pairs, alike)
    nearest = np.argmin(np.abs(fpr - (1 - tpr)))
    return float(fpr[nearest] + 1 - tpr[nearest]) / 2


def area(pairs: list[Pair], alike: bool) -> float:
    same = [pair.person == pair.other for pair in pairs]
    weight = None if alike else weights(pairs)
    return float(roc_auc_score(same, [pair.similarity for pair in pairs], sample_weight=weight))


def taken(
    embeddings: np.ndarray, gallery: np.ndarray, known: Sequence[bool], threshold: float
) -> list[int | None]:
    """For whom of the gallery each picture is taken; None for nobody."""
    found: list[int | None] = []
    for picture in embeddings:
        best = max((who for who in range(len(gallery)) if known[who]), key=lambda who: picture @ gallery[who])
        found.append(best if float(picture @ gallery[best]) >= threshold else None)
    return found


def mean_over_people(hits: Sequence[bool], people: Sequence[int]) -> float:
    own: dict[int, list[bool]] = defaultdict(list)
    for hit, person in zip(hits, people, strict=True):
        own[int(person)].append(bool(hit))
    return float(np.mean([np.mean(values) for values in own.values()]))
