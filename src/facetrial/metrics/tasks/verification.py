"""Verification: is this the same person? Asked of all pairs of a trial's pictures, at thresholds of clean ones."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

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
from facetrial.metrics.tasks.score_histogram import LEAST_EXPECTED, cells_of, pairs_needed, similarity_at
from facetrial.trial.embedding_shards import VERSIONS

FALSE_ACCEPT_RATES = (1e-2, 1e-3, 1e-4)
_CURVE_POINTS = 25
_BINS = 64


def verification_summary(
    embeddings: Mapping[str, np.ndarray],
    attackable: np.ndarray,
    people: np.ndarray,
    targets: np.ndarray | None = None,
) -> dict[str, Any]:
    """Verification among all pairs: clean with clean pictures, and attacked ones with the clean ones of the others.

    Thresholds are those at which so many of the clean impostor pairs are accepted; under attack they stay. Every figure
    is {value, low, high, n} with n pairs.

    Args:
        embeddings: for each of VERSIONS float32 (N, D), unit norm.
        attackable: bool (N,), which pictures could be attacked.
        people: int64 (N,), who is on each picture.
        targets: int64 (N,), for whom each picture is to be taken (numbers as in `people`; -1 for nobody there); None
            when the attack has no targets.

    Returns:
        `people`, `pairs`, `eer`, `accuracy` (of both kinds of pair, weighted alike), `points` (one a false accept rate:
        `threshold`, None with fewer impostor pairs than `needed`; `tar`; `far`; `impersonation`, the share of an
        attacked picture's pairs with its target's pictures that are accepted), `curve` and `histogram`; or
        `unavailable`, with the reason.
    """
    people = np.unique(people, return_inverse=True)[1] if targets is None else people
    everyone = np.arange(len(people))
    places = {version: everyone if version == "clean" else np.flatnonzero(attackable) for version in VERSIONS}
    if reason := _impossible(people, places["attacked"]):
        return {"unavailable": reason}
    gallery = embeddings["clean"]
    grid = threshold_grid(count_all_pairs(gallery, everyone, gallery, people))
    found = {
        version: resample_all_pairs(
            embeddings[version][places[version]], places[version], gallery, people, grid
        )
        for version in VERSIONS
    }
    # Clean with clean, every pair was counted from both of its ends.
    pairs = {v: tuple(n // (2 if v == "clean" else 1) for n in found[v].counts.pairs) for v in VERSIONS}
    clean = found["clean"]
    rates = {version: found[version].counts.rates() for version in VERSIONS}

    def at_edge(edge: int, grid_places: np.ndarray, kind: int) -> dict[str, Any]:
        """TAR (kind 0) or FAR (kind 1) of each version at an edge."""
        figures = {}
        for version, result in found.items():
            draws = read_at((result.accepted, result.falsely)[kind], grid_places)
            units = max(result.people if kind == 0 else result.couples // 2, 1)
            value = rates[version][kind][edge]
            figures[version] = interval_of(value, draws, pairs[version][kind], units).as_dict()
        return figures

    points = []
    for far in FALSE_ACCEPT_RATES:
        edge = clean.counts.edge_at(far)
        point: dict[str, Any] = {"wanted": far, "needed": pairs_needed(far), "threshold": None}
        # Counted from both ends, a pair is still one pair.
        if edge is not None and pairs["clean"][1] >= point["needed"]:
            there = places_at(clean.falsely, far)
            point |= {
                "threshold": similarity_at(edge),
                "tar": at_edge(edge, there, 0),
                "far": at_edge(edge, there, 1),
                "impersonation": None
                if targets is None
                else impersonation(embeddings, places, people, targets, edge),
            }
        points.append(point)
    return {
        "people": clean.people,
        "pairs": {v: dict(zip(("genuine", "impostor"), pairs[v], strict=True)) for v in VERSIONS},
        "eer": {
            version: interval_of(
                result.counts.equal_error_rate(),
                equal_error_rates(result),
                sum(pairs[version]),
                result.people,
            ).as_dict()
            for version, result in found.items()
        },
        "accuracy": _accuracy(found, pairs, grid),
        "points": points,
        "curve": _curve(found, pairs, rates),
        "histogram": _histogram(found),
    }


def impersonation(
    embeddings: Mapping[str, np.ndarray],
    places: Mapping[str, np.ndarray],
    people: np.ndarray,
    targets: np.ndarray,
    edge: int,
) -> dict[str, Any] | None:
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
    figures = {}
    for version in VERSIONS:
        hits = np.array(
            [
                int(
                    (
                        cells_of(embeddings["clean"][people == targets[row]] @ embeddings[version][row])
                        >= edge
                    ).sum()
                )
                for row in rows
            ]
        )
        with np.errstate(invalid="ignore"):
            drawn = (weights @ hits) / (weights @ totals)
        couples = len(np.unique(np.stack([people[rows], targets[rows]]), axis=1).T)
        n = int(totals.sum())
        figures[version] = interval_of(hits.sum() / n, drawn, n, couples).as_dict()
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
    found: Mapping[str, Pairs], pairs: Mapping[str, tuple[int, int]], grid: np.ndarray
) -> dict[str, Any]:
    edge = found["clean"].counts.best_edge()
    place = np.interp(edge, grid, np.arange(len(grid)))
    figures: dict[str, Any] = {"threshold": similarity_at(edge)}
    for version, result in found.items():
        accepted, falsely = result.counts.rates()
        there = np.full(len(result.accepted), place)
        draws = (read_at(result.accepted, there) + 1 - read_at(result.falsely, there)) / 2
        value = float(accepted[edge] + 1 - falsely[edge]) / 2
        figures[version] = interval_of(value, draws, sum(pairs[version]), result.people).as_dict()
    return figures


def _curve(
    found: Mapping[str, Pairs],
    pairs: Mapping[str, tuple[int, int]],
    rates: Mapping[str, tuple[np.ndarray, np.ndarray]],
) -> dict[str, Any]:
    """TAR of each version at thresholds by the false accept rate on clean pictures."""
    clean = found["clean"]
    fars = np.geomspace(min(max(LEAST_EXPECTED / pairs["clean"][1], 1e-6), 0.1), 0.5, _CURVE_POINTS)
    edges = [int(np.argmax(rates["clean"][1] <= far)) for far in fars]
    places = [places_at(clean.falsely, far) for far in fars]
    curve: dict[str, Any] = {"far": fars.tolist()}
    for version, result in found.items():
        curve[version] = [
            interval_of(
                rates[version][0][edge], read_at(result.accepted, there), pairs[version][0], result.people
            ).as_dict()
            for edge, there in zip(edges, places, strict=True)
        ]
    return curve


def _histogram(found: Mapping[str, Pairs]) -> dict[str, Any]:
    """Shares of the pairs of each kind and version between similarities from the lowest to the highest of all."""
    seen = np.flatnonzero(sum(result.counts.genuine + result.counts.impostor for result in found.values()))
    edges = np.unique(np.linspace(seen[0], seen[-1] + 1, _BINS + 1).round().astype(np.int64))
    shares = {version: result.counts.shares(edges) for version, result in found.items()}
    return {
        "similarity": [similarity_at((low + high) / 2) for low, high in pairwise(edges.tolist())],
        **{
            kind: {version: shares[version][number].tolist() for version in VERSIONS}
            for number, kind in enumerate(("genuine", "impostor"))
        },
    }
