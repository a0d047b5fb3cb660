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
        return sum(most_passes(part, fitted_on) for part in parts.values())
    if "epochs" in method:
        return 1 + GRADIENT * method["epochs"] * fitted_on
    if "generations" in method:
        return method["population"] * (method["generations"] + 1)
    if "queries" in method:
        return method["queries"]
    starts = method.get("restarts", 1) + (method.get("targets") or 0)
    return GRADIENT * method.get("steps", 0) * method.get("rounds", 1) * starts + method.get("n", 1)
