"""Thresholds of verification and of the open set: set on validation pictures, none of which is scored."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from facetrial.metrics.tasks.all_pairs import Sizes, count_all_pairs
from facetrial.metrics.tasks.results import ThresholdsFrom, TooFew
from facetrial.metrics.tasks.score_histogram import pairs_needed
from facetrial.statistics.likeness import effective_number
from facetrial.trial.held_out import HeldOut


@dataclass(frozen=True)
class PairThresholds:
    """Edges, as of `ScoreCounts`, from which pairs are accepted.

    Attributes:
        set_on: the validation pictures.
        edges: for each false accept rate.
        best: at which most is right of both kinds of pair, weighted alike; None where one kind is missing.
    """

    set_on: ThresholdsFrom
    edges: Mapping[float, int | TooFew]
    best: int | None

    @property
    def all_edges(self) -> list[int]:
        found = [*self.edges.values(), self.best]
        return [edge for edge in found if isinstance(edge, int)]


def pair_thresholds(held_out: HeldOut, rates: Sequence[float]) -> PairThresholds:
    """Thresholds of verification at these false accept rates, every couple of people of one weight."""
    people = np.unique(held_out.identities, return_inverse=True)[1]
    everyone = np.arange(len(people))
    sizes = Sizes.of(everyone, people)
    # Counted from both ends, a pair is still one pair.
    worth = round(sizes.couples / 2 / sizes.inverse_of_couples) if sizes.couples else 0
    set_on = ThresholdsFrom(len(people), int((sizes.pictures > 0).sum()), worth)
    if not worth:
        return PairThresholds(set_on, {far: TooFew(far, pairs_needed(far), 0, None) for far in rates}, None)
    counts = count_all_pairs(held_out.embeddings, everyone, held_out.embeddings, people)
    edges = {far: too_few(far, worth) or counts.edge_at(far) for far in rates}
    return PairThresholds(set_on, edges, counts.best_edge() if sizes.mates.any() else None)


def too_few(rate: float, found: int) -> TooFew | None:
    """What to say of a rate for which so many pairs or pictures are too few; None where they are enough."""
    needed = pairs_needed(rate)
    return TooFew(rate, needed, found, None) if found < needed else None


def alarm_thresholds(
    strengths: np.ndarray, identities: np.ndarray, rates: Sequence[float]
) -> tuple[ThresholdsFrom, dict[float, float | TooFew]]:
    """Thresholds that no more than each rate of the pictures of people outside pass, everyone of one weight.

    Args:
        strengths: (N,), of validation pictures of people outside the gallery.
        identities: int64 (N,), who is on each.
        rates: of false alarms.
    """
    people, which, sizes = np.unique(identities, return_inverse=True, return_counts=True)
    weights = 1 / sizes[which] if len(sizes) else np.zeros(0)
    worth = round(effective_number(weights))
    found = {rate: too_few(rate, worth) or strictest(strengths, weights, rate) for rate in rates}
    return ThresholdsFrom(len(identities), len(people), worth), found


def strictest(strengths: np.ndarray, weights: np.ndarray, rate: float) -> float:
    """The lowest threshold that no more than `rate` of the weight passes: just above a strength.

    Args:
        strengths: (N,); one passes that is not below the threshold.
        weights: (N,).
        rate: in [0, 1).
    """
    order = np.argsort(-strengths, kind="stable")
    passed = np.cumsum(weights[order])
    # Equal strengths pass together.
    last = np.append(np.diff(strengths[order]) != 0, True)
    refused = np.flatnonzero(last & (passed > rate * passed[-1] * (1 + 1e-9)))[0]
    return float(np.nextafter(float(strengths[order][refused]), np.inf))
