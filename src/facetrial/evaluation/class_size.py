"""What is left under attack against the number of training pictures a person has, over the people of a trial."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from facetrial.evaluation.sections import Chart, Section, Series
from facetrial.evaluation.tables import percent

_RESAMPLES = 1000
_POINTS = 25
_RIDGE = (
    0.01  # as a normal prior of standard deviation 10: keeps the slope finite where all or none is recognised
)
_ROUNDS = 30


def class_size_summary(
    per_identity: Mapping[str, Mapping[str, Any]],
    train_pictures: int | None = None,
    capped: tuple[str, ...] = (),
) -> dict[str, Any] | None:
    """The logistic regression of being recognised under attack on log2 of the number of training pictures.

    Args:
        per_identity: of a summary.
        train_pictures: `data.train_pictures`.
        capped: the people whose training pictures it caps.

    Returns:
        `people` (number), `train_pictures`, `capped`, `doubling` ({value, low, high, n}: the factor by which the odds
        of being recognised change when the number of training pictures doubles, with the percentiles of a bootstrap
        over people) and `curve` (a list of {n_train, value, low, high}). None with fewer than three people, or where
        all have as many pictures.
    """
    people = [person for person in per_identity.values() if person["robust"]["n"]]
    n_train = np.array([person["n_train"] for person in people], dtype=float)
    if len(people) < 3 or len(np.unique(n_train)) < 2:
        return None
    totals = np.array([person["robust"]["n"] for person in people], dtype=float)
    hits = np.round(totals * np.array([person["robust"]["value"] for person in people]))
    middle = np.log2(n_train).mean()
    x = np.log2(n_train) - middle
    draws = np.random.default_rng(0).multinomial(
        len(people), np.full(len(people), 1 / len(people)), _RESAMPLES
    )
    fits = logistic_fits(x, hits, totals, np.concatenate([np.ones((1, len(people))), draws]))
    shown = np.geomspace(n_train.min(), n_train.max(), _POINTS)
    curves = _logistic(fits[:, :1] + fits[:, 1:] * (np.log2(shown) - middle))
    low, high = np.quantile(curves[1:], [0.025, 0.975], axis=0)
    factors = np.exp(fits[:, 1])
    ends = np.quantile(factors[1:], [0.025, 0.975])
    return {
        "people": len(people),
        "train_pictures": train_pictures,
        "capped": list(capped),
        "doubling": {"value": factors[0], "low": ends[0], "high": ends[1], "n": int(totals.sum())},
        "curve": [
            {"n_train": n, "value": v, "low": min(a, v), "high": max(b, v)}
            for n, v, a, b in zip(
                shown.tolist(), curves[0].tolist(), low.tolist(), high.tolist(), strict=True
            )
        ],
    }


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
        chance = _logistic(fits @ design.T)
        slope = (weights * (hits - totals * chance)) @ design - _RIDGE * fits
        bend = np.einsum("rp,pi,pj->rij", weights * totals * chance * (1 - chance), design, design)
        fits = fits + np.clip(np.linalg.solve(bend + _RIDGE * np.eye(2), slope[..., None])[..., 0], -2.0, 2.0)
    return fits


def class_size_sentence(found: Mapping[str, Any]) -> str:
    """What the people of the trial show."""
    factor, first, last = found["doubling"], found["curve"][0], found["curve"][-1]
    ends = f"95 % interval {factor['low']:.2f} to {factor['high']:.2f}, {found['people']} people"
    if factor["low"] > 1:
        said = "People with more training pictures are recognised more often under attack"
    elif factor["high"] < 1:
        said = "People with more training pictures are recognised less often under attack"
    else:
        said = "These people do not decide whether more training pictures help under attack"
    return (
        f"{said}: with twice as many, the odds change by a factor of {factor['value']:.2f} ({ends}), from "
        f"{percent(first['value'])} with {first['n_train']:.0f} to {percent(last['value'])} with "
        f"{last['n_train']:.0f}."
    )


def class_size_section(summary: Mapping[str, Any]) -> Section | None:
    """People by their number of training pictures, with the fitted curve."""
    found = summary.get("class_size")
    if not found:
        return None
    people = [(name, one) for name, one in summary["per_identity"].items() if one["robust"]["n"]]
    fitted = found["curve"]
    chart = Chart(
        "class_size",
        "Share recognised under attack of each person against the number of training pictures. "
        + class_size_sentence(found),
        "A point a person; the line is a logistic regression on the logarithm, with its 95 % interval from a bootstrap "
        "over people.",
        "training pictures of the person",
        "recognised under attack",
        [
            Series(
                "people",
                [one["n_train"] for _, one in people],
                [one["robust"]["value"] for _, one in people],
                labels=[
                    f"{name.replace('_', ' ')}: {percent(one['robust']['value'], 0)} of {one['robust']['n']}, trained "
                    f"on {one['n_train']}"
                    for name, one in people
                ],
            ),
            Series(
                "fitted",
                *([point[key] for point in fitted] for key in ("n_train", "value", "low", "high")),
                line=True,
                points=False,
                band=True,
            ),
        ],
        log_x=True,
    )
    return Section(
        "How many pictures of a person it takes",
        [class_size_sentence(found)],
        "People also differ in other things than their number of pictures; what it does by itself is shown by "
        "experiment=class_size, which trains on fewer pictures of the same people.",
        charts=[chart],
    )


def _logistic(values: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-np.clip(values, -30, 30)))
