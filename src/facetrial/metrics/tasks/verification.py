"""Verification: is this the same person? Asked of all pairs of a trial's pictures, at thresholds of clean ones."""

from collections.abc import Mapping
from itertools import pairwise

import numpy as np

from facetrial.metrics.tasks.all_pairs import (
    Pairs,
    count_all_pairs,
    equal_error_rates,
    interval_of,
    people_draws,
    places_at,
    read_at,
    resample_all_pairs,
    threshold_grid,
)
from facetrial.metrics.tasks.results import (
    AtThreshold,
    ByVersion,
    Histogram,
    PairCounts,
    RateCurve,
    TooFew,
    Unavailable,
    Verification,
    VerificationPoint,
)
from facetrial.metrics.tasks.score_histogram import LEAST_EXPECTED, cells_of, pairs_needed, similarity_at
from facetrial.statistics.intervals import Interval
from facetrial.trial.embedding_shards import VERSIONS, Version

FALSE_ACCEPT_RATES = (1e-2, 1e-3, 1e-4)
_CURVE_POINTS = 25
_BINS = 64


def verification_summary(
    embeddings: Mapping[str, np.ndarray],
    attackable: np.ndarray,
    people: np.ndarray,
    targets: np.ndarray | None = None,
) -> Verification | Unavailable:
    """Verification among all pairs: clean with clean pictures, and attacked ones with the clean ones of the others.

    Thresholds are those at which so many of the clean impostor pairs are accepted; under attack they stay.

    Args:
        embeddings: for each of VERSIONS float32 (N, D), unit norm.
        attackable: bool (N,), which pictures could be attacked.
        people: int64 (N,), who is on each picture.
        targets: int64 (N,), for whom each picture is to be taken (numbers as in `people`; -1 for nobody there); None
            when the attack has no targets.
    """
    people = np.unique(people, return_inverse=True)[1] if targets is None else people
    everyone = np.arange(len(people))
    places = {version: everyone if version == "clean" else np.flatnonzero(attackable) for version in VERSIONS}
    if reason := _impossible(people, places["attacked"]):
        return Unavailable(reason)
    gallery = embeddings["clean"]
    grid = threshold_grid(count_all_pairs(gallery, everyone, gallery, people))
    found = {
        version: resample_all_pairs(
            embeddings[version][places[version]], places[version], gallery, people, grid
        )
        for version in VERSIONS
    }
    # Clean with clean, every pair was counted from both of its ends.
    pairs = {version: result.counts.pairs for version, result in found.items()}
    pairs["clean"] = pairs["clean"][0] // 2, pairs["clean"][1] // 2
    clean = found["clean"]
    rates = {version: found[version].counts.rates() for version in VERSIONS}

    def at_edge(edge: int, grid_places: np.ndarray, kind: int) -> ByVersion:
        """TAR (kind 0) or FAR (kind 1) of each version at an edge."""
        figures: dict[Version, Interval] = {}
        for version, result in found.items():
            draws = read_at((result.accepted, result.falsely)[kind], grid_places)
            units = max(result.people if kind == 0 else result.couples // 2, 1)
            value = rates[version][kind][edge]
            figures[version] = interval_of(value, draws, pairs[version][kind], units)
        return figures

    points: list[VerificationPoint | TooFew] = []
    for far in FALSE_ACCEPT_RATES:
        edge, needed = clean.counts.edge_at(far), pairs_needed(far)
        # Counted from both ends, a pair is still one pair.
        if edge is None or pairs["clean"][1] < needed:
            points.append(TooFew(far, needed, None))
            continue
        there = places_at(clean.falsely, far)
        taken = None if targets is None else impersonation(embeddings, places, people, targets, edge)
        points.append(
            VerificationPoint(
                far, needed, similarity_at(edge), at_edge(edge, there, 0), at_edge(edge, there, 1), taken
            )
        )
    return Verification(
        people=clean.people,
        pairs={version: PairCounts(*pairs[version]) for version in VERSIONS},
        eer={
            version: interval_of(
                one.counts.equal_error_rate(), equal_error_rates(one), sum(pairs[version]), one.people
            )
            for version, one in found.items()
        },
        accuracy=_accuracy(found, pairs, grid),
        points=tuple(points),
        curve=_curve(found, pairs, rates),
        histogram=_histogram(found),
    )


def impersonation(
    embeddings: Mapping[str, np.ndarray],
    places: Mapping[Version, np.ndarray],
    people: np.ndarray,
    targets: np.ndarray,
    edge: int,
) -> ByVersion | None:
    """The share of pairs of a picture and a clean one of its target that are accepted, before and after the attack.

    Args:
        embeddings, people, targets: as for `verification_summary`.
        places: which pictures each version has; those attacked count before the attack too.
        edge: the threshold.

    Returns:
        A figure for each version; None where no target has a picture here.
    """
    count = int(max(people.max(), targets.max())) + 1
    rows = places["attacked"][np.isin(targets[places["attacked"]], people)]
    if len(rows) == 0:
        return None
    draws = people_draws(int(people.max()) + 1, 1000, 0)
    weights = draws[:, people[rows]] * draws[:, targets[rows]]
    totals = np.bincount(people, minlength=count)[targets[rows]]
    figures: dict[Version, Interval] = {}
    for version in VERSIONS:
        attacked = embeddings[version]
        pairs = (embeddings["clean"][people == targets[row]] @ attacked[row] for row in rows)
        hits = np.array([int((cells_of(similarities) >= edge).sum()) for similarities in pairs])
        with np.errstate(invalid="ignore"):
            drawn = (weights @ hits) / (weights @ totals)
        couples = len(np.unique(np.stack([people[rows], targets[rows]]), axis=1).T)
        n = int(totals.sum())
        figures[version] = interval_of(hits.sum() / n, drawn, n, couples)
    return figures


def _impossible(people: np.ndarray, attacked: np.ndarray) -> str | None:
    counts = np.bincount(people)
    if len(attacked) == 0:
        return "no picture could be attacked"
    if (counts > 0).sum() < 2:
        return "all pictures show one person, so that there are no impostors"
    if counts[people[attacked]].max() < 2:
        return "nobody has two pictures in this trial, so that there are no genuine pairs; raise data.limit"
    return None


def _accuracy(
    found: Mapping[Version, Pairs], pairs: Mapping[Version, tuple[int, int]], grid: np.ndarray
) -> AtThreshold:
    edge = found["clean"].counts.best_edge()
    place = np.interp(edge, grid, np.arange(len(grid)))
    figures: dict[Version, Interval] = {}
    for version, result in found.items():
        accepted, falsely = result.counts.rates()
        there = np.full(len(result.accepted), place)
        draws = (read_at(result.accepted, there) + 1 - read_at(result.falsely, there)) / 2
        value = float(accepted[edge] + 1 - falsely[edge]) / 2
        figures[version] = interval_of(value, draws, sum(pairs[version]), result.people)
    return AtThreshold(similarity_at(edge), *(figures[version] for version in VERSIONS))


def _curve(
    found: Mapping[Version, Pairs],
    pairs: Mapping[Version, tuple[int, int]],
    rates: Mapping[Version, tuple[np.ndarray, np.ndarray]],
) -> RateCurve:
    """TAR of each version at thresholds by the false accept rate on clean pictures."""
    clean = found["clean"]
    fars = np.geomspace(min(max(LEAST_EXPECTED / pairs["clean"][1], 1e-6), 0.1), 0.5, _CURVE_POINTS)
    edges = [int(np.argmax(rates["clean"][1] <= far)) for far in fars]
    places = [places_at(clean.falsely, far) for far in fars]
    figures = {
        version: tuple(
            interval_of(
                rates[version][0][edge], read_at(result.accepted, there), pairs[version][0], result.people
            )
            for edge, there in zip(edges, places, strict=True)
        )
        for version, result in found.items()
    }
    return RateCurve(tuple(fars.tolist()), *(figures[version] for version in VERSIONS))


def _histogram(found: Mapping[Version, Pairs]) -> Histogram:
    """Shares of the pairs of each kind and version between similarities from the lowest to the highest of all."""
    seen = np.flatnonzero(sum(result.counts.genuine + result.counts.impostor for result in found.values()))
    edges = np.unique(np.linspace(seen[0], seen[-1] + 1, _BINS + 1).round().astype(np.int64))
    shares = {version: result.counts.shares(edges) for version, result in found.items()}
    genuine, impostor = ({v: tuple(shares[v][kind].tolist()) for v in VERSIONS} for kind in (0, 1))
    between = tuple(similarity_at((low + high) / 2) for low, high in pairwise(edges.tolist()))
    return Histogram(between, genuine, impostor)
