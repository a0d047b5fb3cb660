"""How far a mean over pictures would move with other people and other pictures of them.

A two-level bootstrap: people are drawn, then pictures of each. Done plainly it counts chance twice, since the figures
of the people drawn already hold the chance of their pictures: where people do not differ, its intervals are 1.4 times
too wide. So each person's figure is first moved towards the mean of all, until what people differ by is what an
analysis of variance finds (Davison and Hinkley, "Bootstrap methods and their application", 1997, section 3.8).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from facetrial.core.errors import FacetrialError

_DRAWS_AT_ONCE = 2_000_000

# From the people drawn (R, P) to what the chance of their drawn pictures adds to the sums of their values (R, P).
PictureDraws = Callable[[np.ndarray, np.random.Generator], np.ndarray]


@dataclass(frozen=True)
class Spread:
    """The variance of a mean over pictures.

    Attributes:
        variance: of the mean, over draws of people, then pictures.
        freedom: degrees of freedom that the variance is known with: people less one where people differ, pictures
            less people where they do not (Satterthwaite, Biometrics 1946).
    """

    variance: float
    freedom: float


def spread_of_mean(
    sums: np.ndarray,
    squares: np.ndarray,
    totals: np.ndarray,
    picture_draws: PictureDraws,
    resamples: int,
    seed: int,
) -> Spread:
    """The spread of the mean over all pictures of at least two people.

    Args:
        sums: float (P,), of each person's values.
        squares: float (P,), of their squares.
        totals: int (P,), each person's number of pictures.
        picture_draws: draws pictures of the people drawn.
        resamples: number of draws.
        seed: of the draws.
    """
    people, pictures = len(totals), int(totals.sum())
    mean, own = sums.sum() / pictures, sums / totals
    inside = np.maximum(squares - sums**2 / totals, 0.0)
    size = (pictures - (totals.astype(float) ** 2).sum() / pictures) / (people - 1)
    among = (totals * (own - mean) ** 2).sum() / (people - 1)
    within = inside.sum() / (pictures - people) if pictures > people else 0.0
    between = max(0.0, (among - within) / size)

    weight = (totals.astype(float) ** 2).sum()
    apart = ((totals * (own - mean)) ** 2).sum()
    shrinkage = math.sqrt(between * weight / apart) if apart > 0 else 0.0
    # A picture drawn of n varies by (n - 1) / n of what a new one does.
    scale = math.sqrt(within * pictures / inside.sum()) if inside.sum() > 0 else 0.0
    generator = np.random.default_rng(seed)
    means = []
    at_once = max(1, _DRAWS_AT_ONCE // people)
    for start in range(0, resamples, at_once):
        drawn = generator.integers(people, size=(min(at_once, resamples - start), people))
        chance = scale * picture_draws(drawn, generator) if scale else 0.0
        moved = totals[drawn] * shrinkage * (own - mean)[drawn] + chance
        means.append(moved.sum(1) / pictures)  # by a fixed number: how many are drawn is no news of the mean
    variance = float(np.concatenate(means).var())
    return Spread(variance, _freedom(among, within, between, weight, size, people, pictures))


def _freedom(
    among: float, within: float, between: float, weight: float, size: float, people: int, pictures: int
) -> float:
    """Satterthwaite's degrees of freedom of the variance of the mean, a sum of both mean squares."""
    if pictures == people:
        return people - 1.0
    if between == 0:
        return float(pictures - people)
    share = weight / (pictures**2 * size)
    first, second = share * among, (1 / pictures - share) * within
    return (first + second) ** 2 / (first**2 / (people - 1) + second**2 / (pictures - people))


def draws_of_counts(gains: np.ndarray, losses: np.ndarray, totals: np.ndarray) -> PictureDraws:
    """Draws for values of 1, 0 and -1, from each person's number (P,) of gains, losses and pictures.

    Drawing a person's n pictures with replacement and counting is a multinomial draw, here as two binomials.
    """
    gain_rate = gains / totals
    loss_rate = losses / np.maximum(totals - gains, 1)

    def draw(drawn: np.ndarray, generator: np.random.Generator) -> np.ndarray:
        pictures = totals[drawn]
        gained = generator.binomial(pictures, gain_rate[drawn])
        lost = generator.binomial(pictures - gained, loss_rate[drawn]) if losses.any() else 0
        added: np.ndarray = gained - lost - (gains - losses)[drawn]
        return added

    return draw


def draws_of_values(values: np.ndarray, index: np.ndarray, totals: np.ndarray) -> PictureDraws:
    """Draws for any values (N,), of people numbered by `index` (N,)."""
    order = np.argsort(index, kind="stable")
    residuals = (values - (np.bincount(index, weights=values) / totals)[index])[order]
    firsts = np.cumsum(totals) - totals

    def draw(drawn: np.ndarray, generator: np.random.Generator) -> np.ndarray:
        added = np.empty(drawn.shape)
        for row, people in enumerate(drawn):
            counts = totals[people]
            places = np.repeat(firsts[people], counts) + generator.integers(np.repeat(counts, counts))
            added[row] = np.add.reduceat(residuals[places], np.cumsum(counts) - counts)
        return added

    return draw


def numbered_people(people: np.ndarray, figures: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Each person's number of pictures (P,), and for each picture the number of its person (N,)."""
    people = np.asarray(people)
    if people.ndim != 1 or figures.shape != people.shape:
        raise FacetrialError(
            f"expected one person a picture, found people of shape {people.shape} and figures of shape "
            f"{figures.shape}."
        )
    _, index = np.unique(people, return_inverse=True)
    return np.bincount(index, minlength=int(index.max()) + 1 if len(index) else 0), index


def counts_of_people(people: np.ndarray, *events: np.ndarray) -> tuple[np.ndarray, list[np.ndarray]]:
    """Each person's number of pictures (P,), and of those on which each event happened."""
    totals, index = numbered_people(people, events[0])
    return totals, [
        np.bincount(index, weights=event, minlength=len(totals)).astype(np.int64) for event in events
    ]
