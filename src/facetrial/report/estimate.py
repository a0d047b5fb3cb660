"""How long an attack may take, said before it starts."""

from collections.abc import Mapping
from typing import Any

from facetrial.core.process.ticks import GRADIENT


def most_passes(method: Mapping[str, Any], fitted_on: float = 0.0) -> float:
    """By the settings of a method, passes forward of each picture at most; a gradient counts as three.

    Args:
        method: as its config says it.
        fitted_on: training pictures for each that is attacked, for methods that are fitted.

    >>> most_passes({"steps": 40, "restarts": 2})
    240
    >>> most_passes({"methods": {"square": {"queries": 5000}, "fmn": {"steps": 100}}})
    5300
    """
    if isinstance(parts := method.get("methods"), Mapping):
        return sum(most_passes(part, fitted_on) for part in parts.values() if isinstance(part, Mapping))
    # In a method of somebody's own, these names may stand for anything.
    counts = {key: value for key, value in method.items() if isinstance(value, int | float)}
    if "epochs" in counts:
        return 1 + GRADIENT * counts["epochs"] * fitted_on
    if {"generations", "population"} <= counts.keys():
        return counts["population"] * (counts["generations"] + 1)
    if "queries" in counts:
        return counts["queries"]
    starts = counts.get("restarts", 1) + counts.get("targets", 0)
    return GRADIENT * counts.get("steps", 0) * counts.get("rounds", 1) * starts + counts.get("n", 1)
