"""Open-set identification: some people are in the gallery, others are not, and nobody says who is which."""

from collections.abc import Mapping

import numpy as np

from facetrial.metrics.tasks.all_pairs import interval_of, people_draws
from facetrial.metrics.tasks.results import OpenSet, OpenSetPoint, TooFew, Unavailable
from facetrial.metrics.tasks.score_histogram import pairs_needed
from facetrial.statistics.intervals import Interval
from facetrial.trial.embedding_shards import VERSIONS, Version

FALSE_ALARM_RATES = (1e-1, 1e-2)
_RESAMPLES = 1000


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
    gallery: np.ndarray,
    known: np.ndarray,
) -> OpenSet | Unavailable:
    """How many people of the gallery are found, at a threshold that so many of the others pass on clean pictures.

    A picture is taken for the person of the gallery whom it is most similar to, if it is no less similar than the
    threshold. The detection and identification rate is the share of pictures of people in the gallery that are taken
    for the right one (Phillips, Grother and Micheals, Handbook of Face Recognition, 2011, chapter 21).

    Args:
        embeddings: for each of VERSIONS float32 (N, D), unit norm.
        attackable: bool (N,), which pictures could be attacked.
        identities: int64 (N,), who is on each picture.
        gallery: float32 (P, D), unit norm, one vector a person, from training pictures.
        known: bool (P,), who is in the gallery.
    """
    inside = known[identities]
    if not inside.any() or inside.all():
        return Unavailable(
            "there are pictures of people in the gallery only, or of others only; raise data.limit"
        )
    enrolled = np.flatnonzero(known)
    strengths, right = {}, {}
    for version in VERSIONS:
        similarities = embeddings[version] @ gallery[enrolled].T
        strengths[version] = similarities.max(1)
        right[version] = enrolled[similarities.argmax(1)] == identities
    draws = people_draws(len(known), _RESAMPLES, seed=0)
    outside = ~inside
    points: list[OpenSetPoint | TooFew] = []
    for far in FALSE_ALARM_RATES:
        if outside.sum() < (needed := pairs_needed(far)):
            points.append(TooFew(far, needed, None))
            continue
        weights = draws[:, identities[outside]]
        # A float64 stays just above a strength; a Python float would be rounded to float32 beside strengths.
        threshold = strictest(strengths["clean"][outside], np.ones((1, int(outside.sum()))), far)[0]
        drawn = strictest(strengths["clean"][outside], weights, far)
        identified: dict[Version, Interval] = {}
        false_alarms: dict[Version, Interval] = {}
        for version in VERSIONS:
            for shares, who in ((identified, inside), (false_alarms, outside)):
                rows = who if version == "clean" else who & attackable
                hits = right[version][rows] if who is inside else np.ones(int(rows.sum()), dtype=bool)
                shares[version] = _share(
                    strengths[version][rows], hits, identities[rows], threshold, drawn, draws
                )
        points.append(OpenSetPoint(far, needed, float(threshold), identified, false_alarms))
    return OpenSet(len(np.unique(identities[inside])), len(np.unique(identities[outside])), tuple(points))


def strictest(strengths: np.ndarray, weights: np.ndarray, rate: float) -> np.ndarray:
    """The lowest threshold that no more than `rate` of the weight passes, (R,): just above a strength.

    Args:
        strengths: (N,); one passes that is not below the threshold.
        weights: (R, N).
        rate: in [0, 1].
    """
    order = np.argsort(-strengths, kind="stable")
    passed = np.cumsum(weights[:, order], axis=1)
    allowed = passed <= rate * passed[:, -1:] * (1 + 1e-12)
    falls = (~allowed).argmax(1)  # the first that must not pass
    above: np.ndarray = np.nextafter(strengths[order][falls].astype(np.float64), np.inf)
    return above


def _share(
    strengths: np.ndarray,
    hits: np.ndarray,
    identities: np.ndarray,
    threshold: np.float64,
    drawn: np.ndarray,
    draws: np.ndarray,
) -> Interval:
    """The share of pictures that are hits and pass the threshold; in each draw of people, with that draw's own."""
    n = len(strengths)
    if n == 0:
        return interval_of(np.nan, np.zeros(0), 0, 0)
    value = float((hits & (strengths >= threshold)).mean())
    order = np.argsort(-strengths, kind="stable")
    weights = draws[:, identities[order]]
    passed = np.cumsum(weights * hits[order], axis=1)
    total = weights.sum(1)
    # How many pass: of strengths that fall, those not below the draw's threshold.
    count = np.searchsorted(-strengths[order].astype(np.float64), -drawn, side="right")
    rows = np.arange(len(draws))
    with np.errstate(invalid="ignore"):
        shares = np.where(count > 0, passed[rows, np.maximum(count - 1, 0)], 0) / total
    return interval_of(value, shares, n, len(np.unique(identities)))
