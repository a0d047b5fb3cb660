"""Verification: is this the same person? Asked of all pairs of a trial's pictures, at thresholds of validation ones."""

from collections.abc import Callable, Mapping
from itertools import pairwise

import numpy as np

from facetrial.metrics.tasks.all_pairs import count_all_pairs, leave_out_of_all_pairs
from facetrial.metrics.tasks.curves import Pairs, areas, equal_error_rates, places_at, read_at, threshold_grid
from facetrial.metrics.tasks.results import (
    BestThreshold,
    Histogram,
    OverPeople,
    PairCounts,
    RateCurve,
    TooFew,
    Unavailable,
    Verification,
    VerificationPoint,
)
from facetrial.metrics.tasks.score_histogram import (
    LEAST_EXPECTED,
    ScoreCounts,
    cells_of,
    pairs_needed,
    similarity_at,
)
from facetrial.metrics.tasks.thresholds import pair_thresholds
from facetrial.metrics.tasks.weighting import Weighed, mean_of_couples, over_people
from facetrial.statistics.left_out import left_out_interval
from facetrial.trial.embedding_shards import VERSIONS, Version
from facetrial.trial.held_out import HeldOut

FALSE_ACCEPT_RATES = (1e-2, 1e-3, 1e-4)
# By how much less these vary than the share of genuine pairs at a threshold. Half of the second and third is of
# impostor pairs, which are many; an area is over all thresholds, and few people lie low at every one.
STEADIER = {"auroc": 4.0, "eer": 2.0, "accuracy": 2.0}
_CURVE_POINTS = 25
_BINS = 64

Found = Mapping[Version, Pairs]


def verification_summary(
    embeddings: Mapping[str, np.ndarray],
    attackable: np.ndarray,
    people: np.ndarray,
    held_out: HeldOut,
    targets: np.ndarray | None = None,
) -> Verification | Unavailable:
    """Verification among all pairs: clean with clean pictures, and attacked ones with the clean ones of the others.

    Thresholds are those at which so many of the impostor pairs of validation pictures are accepted; under attack they
    stay. Everyone, and every couple of people, weighs the same.

    Args:
        embeddings: for each of VERSIONS float32 (N, D), unit norm.
        attackable: bool (N,), which pictures could be attacked.
        people: int64 (N,), who is on each picture.
        held_out: validation pictures.
        targets: int64 (N,), for whom each picture is to be taken (numbers as in `people`; -1 for nobody there); None
            when the attack has no targets.
    """
    people = np.unique(people, return_inverse=True)[1] if targets is None else people
    everyone = np.arange(len(people))
    places = {version: everyone if version == "clean" else np.flatnonzero(attackable) for version in VERSIONS}
    if reason := _impossible(people, places["attacked"]):
        return Unavailable(reason)
    gallery, thresholds = embeddings["clean"], pair_thresholds(held_out, FALSE_ACCEPT_RATES)
    counts = count_all_pairs(gallery, everyone, gallery, people)
    grid = threshold_grid(counts, 1 / len(people) ** 2, thresholds.all_edges)
    found = {
        version: leave_out_of_all_pairs(
            embeddings[version][places[version]], places[version], gallery, people, grid
        )
        for version in VERSIONS
    }
    points: list[VerificationPoint | TooFew] = []
    for far, edge in thresholds.edges.items():
        if isinstance(edge, TooFew):
            points.append(edge)
            continue
        taken = None if targets is None else impersonation(embeddings, places, people, targets, edge)
        tar, falsely = (accepted_at(found, grid, edge, kind) for kind in (0, 1))
        points.append(VerificationPoint(far, pairs_needed(far), similarity_at(edge), tar, falsely, taken))
    best = thresholds.best
    return Verification(
        people=int((found["clean"].genuine.of_person > 0).sum()),
        pairs={version: PairCounts(*_numbers(version, one)) for version, one in found.items()},
        set_on=thresholds.set_on,
        eer=of_both(found, "eer", ScoreCounts.equal_error_rate, equal_error_rates),
        auroc=of_both(found, "auroc", ScoreCounts.area, areas),
        accuracy=Unavailable(
            "nobody has two validation pictures, so that no threshold is known to be the best"
        )
        if best is None
        else BestThreshold(similarity_at(best), _right(found, grid, best)),
        points=tuple(points),
        curve=rate_curve(found),
        histogram=_histogram(found),
    )


def impersonation(
    embeddings: Mapping[str, np.ndarray],
    places: Mapping[Version, np.ndarray],
    people: np.ndarray,
    targets: np.ndarray,
    edge: int,
) -> OverPeople | None:
    """The share of pairs of a picture and a clean one of its target that are accepted, before and after the attack.

    Args:
        embeddings, people, targets: as for `verification_summary`.
        places: which pictures each version has; those attacked count before the attack too.
        edge: the threshold.

    Returns:
        A figure for each version; None where no target has a picture here.
    """
    rows = places["attacked"][np.isin(targets[places["attacked"]], people)]
    if len(rows) == 0:
        return None
    totals = np.bincount(people, minlength=int(targets.max()) + 1)[targets[rows]]
    figures: dict[Version, Weighed] = {}
    for version in VERSIONS:
        attacked = embeddings[version]
        pairs = (embeddings["clean"][people == targets[row]] @ attacked[row] for row in rows)
        hits = np.array([int((cells_of(similarities) >= edge).sum()) for similarities in pairs])
        figures[version] = mean_of_couples(hits, totals, people[rows], targets[rows])
    return over_people(figures)


def _impossible(people: np.ndarray, attacked: np.ndarray) -> str | None:
    counts = np.bincount(people)
    if len(attacked) == 0:
        return "no picture could be attacked"
    if (counts > 0).sum() < 2:
        return "all pictures show one person, so that there are no impostors"
    if counts[people[attacked]].max() < 2:
        return "nobody has two pictures in this trial, so that there are no genuine pairs; raise data.limit"
    return None


def _numbers(version: Version, found: Pairs) -> tuple[int, int]:
    """How many genuine and impostor pairs; clean with clean, every pair was counted from both of its ends."""
    genuine, impostor = (kind.pairs // (2 if version == "clean" else 1) for kind in found.kinds)
    return genuine, impostor


def accepted_at(found: Found, grid: np.ndarray, edge: int, kind: int) -> OverPeople:
    """Genuine (kind 0) or impostor pairs (1) accepted at an edge of the grid."""
    figures: dict[Version, Weighed] = {}
    for version, one in found.items():
        own = one.kinds[kind]
        without = own.without[own.of_person > 0, np.searchsorted(grid, edge)]
        value, pooled = (float(counts.rates()[kind][edge]) for counts in (one.counts, one.pooled))
        figure = left_out_interval(value, without, _numbers(version, one)[kind], own.units)
        figures[version] = Weighed(figure, pooled, own.of_person)
    return over_people(figures)


def of_both(
    found: Found,
    name: str,
    of_counts: Callable[[ScoreCounts], float],
    of_curves: Callable[[np.ndarray, np.ndarray], np.ndarray],
) -> OverPeople:
    """A figure of genuine and impostor pairs together, by its two forms.

    Args:
        name: of the figure, as in `STEADIER`.
        of_counts: from counts.
        of_curves: from rates (R, G) accepted of genuine and of impostor pairs to figures (R,).
    """
    figures: dict[Version, Weighed] = {}
    for version, one in found.items():
        there = one.impostor.of_person > 0
        without = of_curves(one.genuine.without[there], one.impostor.without[there])
        figure = left_out_interval(
            of_counts(one.counts), without, sum(_numbers(version, one)), one.genuine.units, STEADIER[name]
        )
        figures[version] = Weighed(figure, of_counts(one.pooled), one.genuine.of_person)
    return over_people(figures)


def _right(found: Found, grid: np.ndarray, edge: int) -> OverPeople:
    """The share that is judged rightly at an edge of the grid, of both kinds weighted alike."""

    def of_counts(counts: ScoreCounts) -> float:
        accepted, falsely = counts.rates()
        return float(accepted[edge] + 1 - falsely[edge]) / 2

    place = np.searchsorted(grid, edge)
    return of_both(
        found,
        "accuracy",
        of_counts,
        lambda accepted, falsely: (accepted[:, place] + 1 - falsely[:, place]) / 2,
    )


def rate_curve(found: Found) -> RateCurve:
    """TAR of each version at thresholds by the false accept rate on the trial's own clean pictures."""
    clean = found["clean"]
    fars = np.geomspace(min(max(LEAST_EXPECTED / clean.impostor.units.count, 1e-6), 0.1), 0.5, _CURVE_POINTS)
    edges = [clean.counts.edge_at(far) for far in fars]
    places = [places_at(clean.impostor.without, far) for far in fars]
    figures = {}
    for version, one in found.items():
        accepted, there = one.counts.rates()[0], clean.impostor.of_person > 0
        figures[version] = tuple(
            left_out_interval(
                float(accepted[edge]),
                read_at(one.genuine.without[there], place[there]),
                _numbers(version, one)[0],
                one.genuine.units,
            )
            for edge, place in zip(edges, places, strict=True)
        )
    return RateCurve(tuple(fars.tolist()), *(figures[version] for version in VERSIONS))


def _histogram(found: Found) -> Histogram:
    """Shares of the pairs of each kind and version between similarities from the lowest to the highest of all."""
    seen = np.flatnonzero(sum(result.counts.genuine + result.counts.impostor for result in found.values()))
    edges = np.unique(np.linspace(seen[0], seen[-1] + 1, _BINS + 1).round().astype(np.int64))
    shares = {version: result.counts.shares(edges) for version, result in found.items()}
    genuine, impostor = ({v: tuple(shares[v][kind].tolist()) for v in VERSIONS} for kind in (0, 1))
    between = tuple(similarity_at((low + high) / 2) for low, high in pairwise(edges.tolist()))
    return Histogram(between, genuine, impostor)
