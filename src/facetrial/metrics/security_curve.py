"""The security curve: what is left at each size of a change, from the smallest change of each picture.

One run of a method that looks for the smallest change gives the whole curve; no size is attacked by itself.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from facetrial.core.errors import FacetrialError
from facetrial.statistics.intervals import Interval, mean_over_people, rate_over_people
from facetrial.statistics.median import median_over_people
from facetrial.trial.rows import ATTACKED

SMALLEST = "smallest"
LEFT = {"dodging": "still recognised", "impersonation": "not taken for the target"}
_LEAST_LINF = 0.25  # each size is twice the one before, up to the cap
_OTHER_SIZES = 8  # from the cap down, each half of the one before
_ROUNDING = 1e-5  # by so much a change of full size may seem larger in float32
_UNITS = {"linf": 255.0}  # how many of the unit that people say make 1; other norms are in [0, 1] units
_WRITTEN = {"linf": "1/255"}


@dataclass(frozen=True)
class CurvePoint(Interval):
    """What is left at a size of the change, in the curve's unit."""

    size: float


@dataclass(frozen=True)
class SecurityCurve:
    """What is left at each size of a change.

    Attributes:
        norm: of the change.
        unit: in which sizes are said, "1/255" or "": in [0, 1].
        limit: the largest change that was looked for.
        goal: of the attack.
        clean: what is left at size 0.
        points: by rising size.
        area: below the curve from size 0 to `limit`, as a share of what it would be if nothing was fooled.
        median: of the smallest changes, over the pictures at stake; infinite where fewer than half were fooled.
    """

    norm: str
    unit: str
    limit: float
    goal: str
    clean: Interval
    points: tuple[CurvePoint, ...]
    area: Interval
    median: Interval


def sizes_shown(norm: str, limit: float) -> list[float]:
    """The sizes at which a curve is read, in units as people say them, the last of them the budget's `limit`."""
    cap = limit * _UNITS.get(norm, 1.0)
    if norm != "linf":
        return [cap * 2.0**-halved for halved in reversed(range(_OTHER_SIZES))]
    below = max(math.ceil(math.log2(cap / _LEAST_LINF) - 1e-9), 0)
    return [_LEAST_LINF * 2.0**doubled for doubled in range(below)] + [float(f"{cap:.9g}")]


def security_curve(
    rows: pd.DataFrame, norm: str, limit: float, goal: str, sizes: Sequence[float] | None = None
) -> SecurityCurve:
    """What is left at each size, and the median of the smallest changes.

    Dodging: the share of the attackable pictures that were recognised when clean and that no change up to this size
    was found to fool. Impersonation: the share that is not taken for the target.

    Args:
        rows: verdict rows with `smallest`, in the units of `limit`.
        norm: the budget's.
        limit: the budget's, the largest change that was looked for.
        goal: "dodging" or "impersonation".
        sizes: where to read the curve, in units as people say them: 1/255 for Linf; `sizes_shown` by default.

    Raises:
        FacetrialError: no column `smallest`; sizes outside (0, limit].
    """
    if SMALLEST not in rows:
        raise FacetrialError(
            "a security curve needs the column smallest; attack with a method that looks for the smallest change, "
            "such as attack=smallest or attack=fmn."
        )
    unit = _UNITS.get(norm, 1.0)
    sizes = sizes_shown(norm, limit) if sizes is None else [float(size) for size in sizes]
    if not sizes or min(sizes) <= 0 or max(sizes) > limit * unit * (1 + 1e-9):
        raise FacetrialError(
            f"sizes of a security curve must lie above 0 and up to the attack's budget, {limit * unit:g}; found "
            f"{sizes}."
        )
    rows = rows[rows["status"] == ATTACKED]
    smallest = rows[SMALLEST].to_numpy(dtype=np.float64) * unit
    if goal == "dodging":  # who is not recognised when clean is fooled with no change
        smallest = np.where(rows["correct_clean"].to_numpy(dtype=bool), smallest, 0.0)
    people = rows["identity"].to_numpy()
    at_stake = smallest > 0
    median = median_over_people(smallest[at_stake], people[at_stake])
    return SecurityCurve(
        norm=norm,
        unit=_WRITTEN.get(norm, ""),
        limit=limit * unit,
        goal=goal,
        clean=rate_over_people(at_stake, people),
        points=tuple(
            CurvePoint(**vars(rate_over_people(smallest > size * (1 + _ROUNDING), people)), size=size)
            for size in sizes
        ),
        area=mean_over_people(np.minimum(smallest / (limit * unit), 1.0), people),
        median=replace(median, low=max(median.low, 0.0)),
    )


def curve_rows(curve: SecurityCurve) -> pd.DataFrame:
    """The table of `curve.csv`: a line a size, size 0 first."""
    about = {"norm": curve.norm, "unit": curve.unit, "size": 0.0}
    return pd.DataFrame([about | vars(figure) for figure in (curve.clean, *curve.points)])
