"""Open-set identification: some people are in the gallery, others are not, and nobody says who is which."""

from collections.abc import Mapping

import numpy as np

from facetrial.metrics.tasks.results import OpenSet, OpenSetPoint, OverPeople, TooFew, Unavailable
from facetrial.metrics.tasks.score_histogram import pairs_needed
from facetrial.metrics.tasks.thresholds import alarm_thresholds
from facetrial.metrics.tasks.weighting import mean_of_people, over_people
from facetrial.trial.embedding_shards import VERSIONS, Version
from facetrial.trial.held_out import HeldOut

FALSE_ALARM_RATES = (1e-1, 1e-2)
_AT_ONCE = 1 << 24  # similarities in memory


def split_known(people: int, split_seed: int) -> np.ndarray:
    """bool (P,), who is in the gallery: half of the people, drawn by the split's seed."""
    order = np.random.default_rng([split_seed, 2]).permutation(people)
    known = np.zeros(people, dtype=bool)
    known[order[: (people + 1) // 2]] = True
    return known


def open_set_summary(
    embeddings: Mapping[str, np.ndarray],
    attackable: np.ndarray,
    identities: np.ndarray,
    held_out: HeldOut,
    gallery: np.ndarray,
    known: np.ndarray,
) -> OpenSet | Unavailable:
    """How many people of the gallery are found, at a threshold that so many validation pictures of the others pass.

    A picture is taken for the person of the gallery whom it is most similar to, if it is no less similar than the
    threshold. The detection and identification rate is the share of pictures of people in the gallery that are taken
    for the right one (Phillips, Grother and Micheals, Handbook of Face Recognition, 2011, chapter 21). Everyone weighs
    the same.

    Args:
        embeddings: for each of VERSIONS float32 (N, D), unit norm.
        attackable: bool (N,), which pictures could be attacked.
        identities: int64 (N,), who is on each picture.
        held_out: validation pictures of the same people.
        gallery: float32 (P, D), unit norm, one vector a person, from training pictures.
        known: bool (P,), who is in the gallery.
    """
    inside = known[identities]
    if not inside.any() or inside.all():
        return Unavailable(
            "there are pictures of people in the gallery only, or of others only; raise data.limit"
        )
    enrolled = np.flatnonzero(known)
    strangers = ~known[held_out.identities]
    set_on, thresholds = alarm_thresholds(
        _nearest(held_out.embeddings[strangers], gallery[enrolled])[0],
        held_out.identities[strangers],
        FALSE_ALARM_RATES,
    )
    strengths, right = {}, {}
    for version in VERSIONS:
        strengths[version], places = _nearest(embeddings[version], gallery[enrolled])
        right[version] = enrolled[places] == identities

    def share(who: np.ndarray, hits: Mapping[Version, np.ndarray]) -> OverPeople:
        rows = {version: who if version == "clean" else who & attackable for version in VERSIONS}
        return over_people(
            {version: mean_of_people(hits[version][own], identities[own]) for version, own in rows.items()}
        )

    points: list[OpenSetPoint | TooFew] = []
    for far, threshold in thresholds.items():
        if isinstance(threshold, TooFew):
            points.append(threshold)
            continue
        # A float64 stays just above a strength; a Python float would be rounded to float32 beside strengths.
        passes = {version: strengths[version] >= np.float64(threshold) for version in VERSIONS}
        found = {version: passes[version] & right[version] for version in VERSIONS}
        points.append(
            OpenSetPoint(far, pairs_needed(far), threshold, share(inside, found), share(~inside, passes))
        )
    known_here, unknown_here = (len(np.unique(identities[who])) for who in (inside, ~inside))
    return OpenSet(known_here, unknown_here, set_on, tuple(points))


def _nearest(embeddings: np.ndarray, gallery: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The highest similarity (N,) of each embedding (N, D) with a vector of the gallery (P, D), and with which (N,)."""
    strengths, places = np.empty(len(embeddings), np.float32), np.empty(len(embeddings), np.int64)
    rows = max(1, _AT_ONCE // len(gallery))
    for start in range(0, len(embeddings), rows):
        similarities = embeddings[start : start + rows] @ gallery.T
        strengths[start : start + rows] = similarities.max(1)
        places[start : start + rows] = similarities.argmax(1)
    return strengths, places
