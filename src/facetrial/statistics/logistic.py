"""A logistic regression over people, several pictures of each, that knows the pictures of one person to be alike."""

from dataclasses import dataclass

import numpy as np

from facetrial.statistics.intervals import quantile

_ROUNDS = 50
_REWEIGHTED = 5  # rounds in which likeness and fit settle
_MOST_ALIKE = 0.95


@dataclass(frozen=True)
class LogisticFit:
    """Log-odds that are a line in x.

    Attributes:
        line: (2,), intercept and slope.
        pull: (P, 2), by how much each person pulls them, so that its products add up to their covariance.
        worth: (P, 2), each person's share of the information, root by root: those of `pull` if the model held.
        likeness: correlation of two pictures of one person beyond the line, in [0, 1).
    """

    line: np.ndarray
    pull: np.ndarray
    worth: np.ndarray
    likeness: float

    def interval(self, direction: np.ndarray) -> tuple[float, float, float]:
        """`direction` (2,) times the line: the value and its 95 % interval."""
        value = float(self.line @ direction)
        half = half_width(self.pull @ direction, self.worth @ direction)
        return value, value - half, value + half


def half_width(pull: np.ndarray, worth: np.ndarray) -> float:
    """Half of the 95 % interval of what people pull by `pull` (P,).

    Student's t, of as many degrees of freedom as there are people worth something: by Satterthwaite, from what each
    would add to the variance if the model held, `worth` (P,) squared.
    """
    shares = worth**2
    freedom = max(shares.sum() ** 2 / (shares**2).sum() - 1, 1.0)
    return float(quantile(freedom) * np.sqrt((pull**2).sum()))


def logistic_fit(x: np.ndarray, hits: np.ndarray, totals: np.ndarray) -> LogisticFit:
    """The regression of hits on x, a person at a time.

    Pictures of one person are alike, so that a person of n counts n / (1 + (n - 1) likeness) (Williams, Applied
    Statistics 1982); the likeness is found with the line, by moments. Firth's penalty (Biometrika 1993) keeps the line
    finite where all or none are hits. The covariance is what people show and not what the model says, each residual
    divided by the root of 1 - leverage (Bell and McCaffrey, Survey Methodology 2002). How often the intervals hold the
    truth: `benchmarks/coverage_class_size.py`.

    Args:
        x: (P,), not all the same.
        hits: (P,), of each person.
        totals: (P,), of each person, above 0.
    """
    design = np.stack([np.ones_like(x, dtype=float), x], axis=1)
    likeness, line = 0.1, np.zeros(2)
    for _ in range(_REWEIGHTED):
        counts = 1 / (1 + (totals - 1) * likeness)
        line = _firth(design, hits, totals, counts)
        chance = logistic(design @ line)
        residual = hits - totals * chance
        leverage, _ = _leverage(design, counts * totals * chance * (1 - chance))
        # Expected of it: (1 - leverage) counts (1 + (totals - 1) likeness), solved for the likeness.
        found = (counts * residual**2 / np.maximum(totals * chance * (1 - chance), 1e-12)).sum()
        alone = (counts * (1 - leverage)).sum()
        by_likeness = (counts * (1 - leverage) * (totals - 1)).sum()
        if by_likeness > 0:
            likeness = float(np.clip((found - alone) / by_likeness, 0.0, _MOST_ALIKE))
    counts = 1 / (1 + (totals - 1) * likeness)
    line = _firth(design, hits, totals, counts)
    chance = logistic(design @ line)
    information = counts * totals * chance * (1 - chance)
    leverage, inverse = _leverage(design, information)
    score = counts * (hits - totals * chance) / np.sqrt(np.maximum(1 - leverage, 0.05))
    worth = np.sqrt(information)[:, None] * design @ inverse
    return LogisticFit(line, score[:, None] * design @ inverse, worth, likeness)


def _firth(design: np.ndarray, hits: np.ndarray, totals: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Intercept and slope that solve Firth's score equations, by Newton's method."""
    line = np.zeros(2)
    for _ in range(_ROUNDS):
        chance = logistic(design @ line)
        leverage, inverse = _leverage(design, counts * totals * chance * (1 - chance))
        score = counts * (hits - totals * chance) + leverage * (0.5 - chance)
        step = np.clip(inverse @ (score @ design), -1.5, 1.5)
        line = line + step
        if np.abs(step).max() < 1e-9:
            break
    return line


def _leverage(design: np.ndarray, information: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Each person's leverage (P,), and the inverse (2, 2) of the information matrix."""
    inverse = np.linalg.inv((information[:, None] * design).T @ design + 1e-9 * np.eye(2))
    return information * np.einsum("pi,ij,pj->p", design, inverse, design), inverse


def logistic(values: np.ndarray) -> np.ndarray:
    """Chances from log-odds."""
    chance: np.ndarray = 1 / (1 + np.exp(-np.clip(values, -30, 30)))
    return chance
