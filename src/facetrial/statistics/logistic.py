"""Logistic regressions on counts, many at a time, by Newton's method."""

import numpy as np

_RIDGE = (
    0.01  # as a normal prior of standard deviation 10: keeps the slope finite where all or none is recognised
)
_ROUNDS = 30


def logistic_fits(x: np.ndarray, hits: np.ndarray, totals: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Logistic regressions of hits on x, one for each row of weights, by Newton's method.

    Args:
        x: (P,).
        hits, totals: (P,), of each person.
        weights: (R, P), how often each person counts.

    Returns:
        (R, 2): intercept and slope.
    """
    design = np.stack([np.ones_like(x), x], axis=1)
    fits = np.zeros((len(weights), 2))
    for _ in range(_ROUNDS):
        chance = logistic(fits @ design.T)
        slope = (weights * (hits - totals * chance)) @ design - _RIDGE * fits
        bend = np.einsum("rp,pi,pj->rij", weights * totals * chance * (1 - chance), design, design)
        fits = fits + np.clip(np.linalg.solve(bend + _RIDGE * np.eye(2), slope[..., None])[..., 0], -2.0, 2.0)
    return fits


def logistic(values: np.ndarray) -> np.ndarray:
    chance: np.ndarray = 1 / (1 + np.exp(-np.clip(values, -30, 30)))
    return chance
