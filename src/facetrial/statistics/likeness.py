"""How alike pictures of one person come out, and how many independent pictures they are therefore worth.

Pictures of one person stand and fall together. The correlation of two of them, the likeness, is that of an analysis of
variance; where few came out differently from the rest it is little more than noise, and it is drawn towards a likeness
as faces have it. The design effect of Kish (Survey Sampling, 1965) makes of it a number of pictures.
"""

import math
from dataclasses import dataclass

import numpy as np

from facetrial.core.errors import FacetrialError

USUAL = 0.2  # likeness of pictures of faces, with nothing seen that says otherwise
EXPECTED_APART = 3.0  # how many pictures that came out differently the usual likeness counts for
_TOLD_BY_ONE = 40.0  # how many such pictures a further person tells as much of the likeness as, at most


@dataclass(frozen=True)
class Worth:
    """What pictures of several people tell of a mean over them.

    Attributes:
        pictures: as many independent ones would let the mean vary as much.
        among: the share of the mean's variance that the people chosen add to it, in [0, 1].
        people: how many there are, at least two.
        n: how many pictures there are.
    """

    pictures: float
    among: float
    people: int
    n: int

    @property
    def freedom_of_share(self) -> float:
        """Degrees of freedom of the variance of a share: what one picture adds to it follows from the share."""
        return (self.people - 1) / self.among**2 if self.among > 0 else math.inf

    @property
    def freedom_of_mean(self) -> float:
        """Those of a mean, where that is measured too (Satterthwaite, Biometrics 1946)."""
        return 1.0 / (self.among**2 / (self.people - 1) + (1.0 - self.among) ** 2 / (self.n - 1))


def worth_of_pictures(values: np.ndarray, index: np.ndarray, weights: np.ndarray) -> Worth:
    """What the pictures of at least two people are worth for a mean in which each person weighs so much.

    Args:
        values: float (N,), one a picture.
        index: int (N,), from 0 on: who is on it.
        weights: float (P,), of the people, of sum 1; a person's pictures share it evenly.
    """
    totals = np.bincount(index)
    alike = likeness(values, index)
    among = alike * float((weights**2).sum())
    alone = (1.0 - alike) * float((weights**2 / totals).sum())
    if (totals == 1).all():  # no two pictures of anybody: each is independent of all others
        among, alone = 0.0, float((weights**2).sum())
    return Worth(1.0 / (among + alone), among / (among + alone), len(totals), len(values))


def likeness(values: np.ndarray, index: np.ndarray) -> float:
    """The correlation of two pictures of one person, in [0, 1].

    Args:
        values: float (N,), one a picture.
        index: int (N,), from 0 on: who is on it.
    """
    totals = np.bincount(index)
    pictures, people = len(values), len(totals)
    sums, squares = (np.bincount(index, weights=values**power) for power in (1, 2))
    found = 0.0
    if pictures > people > 1:
        size = (pictures - (totals.astype(float) ** 2).sum() / pictures) / (people - 1)
        among = (totals * (sums / totals - values.mean()) ** 2).sum() / (people - 1)
        within = max(float((squares - sums**2 / totals).sum()), 0.0) / (pictures - people)
        variance = among + (size - 1) * within
        found = max(0.0, (among - within) / variance) if variance > 0 else 0.0
    apart: float = pictures - int(np.unique(values, return_counts=True)[1].max())
    if apart:  # people as well as pictures are needed to tell of it
        apart = 1.0 / (1.0 / apart + 1.0 / (_TOLD_BY_ONE * (people - 1)))
    return float((apart * found + EXPECTED_APART * USUAL) / (apart + EXPECTED_APART))


def effective_number(weights: np.ndarray) -> float:
    """How many of equal weight these weights are worth, (sum of w)² / sum of w² (Kish, "Survey Sampling", 1965)."""
    weights = np.asarray(weights, dtype=np.float64)
    return float(weights.sum() ** 2 / (weights**2).sum()) if weights.any() else 0.0


def numbered_people(people: np.ndarray, figures: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Each person's number of pictures (P,), and for each picture the number of its person (N,).

    Raises:
        FacetrialError: not one person a figure.
    """
    people = np.asarray(people)
    if people.ndim != 1 or figures.shape != people.shape:
        raise FacetrialError(
            f"expected one person a picture, found people of shape {people.shape} and figures of shape "
            f"{figures.shape}."
        )
    _, index = np.unique(people, return_inverse=True)
    return np.bincount(index, minlength=int(index.max()) + 1 if len(index) else 0), index
