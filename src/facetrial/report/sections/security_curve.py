"""The security curve on a page."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from facetrial.metrics.security_curve import LEFT
from facetrial.report.rendering.components import Chart, Section, Series
from facetrial.report.rendering.formatting import interval, percent


def size_in_words(curve: Mapping[str, Any], size: float | None) -> str:
    """0.5 -> "0.5/255" for Linf, else "0.5"; unknown or infinite -> "more than" the limit."""
    if size is None or not np.isfinite(size):
        return f"more than {size_in_words(curve, curve['limit'])}"
    return f"{size:.3g}{curve['unit'].removeprefix('1')}"


def curve_section(summary: Mapping[str, Any]) -> Section | None:
    """What is left at each size of a change; None where the attack did not look for the smallest."""
    if "curve" not in summary:
        return None
    return Section("How much it takes", charts=[curve_chart(summary["curve"])])


def curve_chart(curve: Mapping[str, Any]) -> Chart:
    """The security curve with 95 % intervals, what is left with no change, and the median smallest change."""
    points = [point for point in curve["points"] if point["n"]]
    unit = f", in {curve['unit']}" if curve["unit"] else ""
    median = curve["median"]["value"]
    known = median is not None and np.isfinite(median) and median > 0
    return Chart(
        "curve",
        describe_curve(curve),
        "What is left at each size of a change, from the smallest change of each picture (in float32). Whiskers: "
        "95 % intervals.",
        f"largest change allowed ({curve['norm']}{unit})",
        LEFT[curve["goal"]],
        [
            Series(
                "left by the attack",
                [point["size"] for point in points],
                *([point[part] for point in points] for part in ("value", "low", "high")),
                line=True,
                tone="attacked",
            )
        ],
        log_x=True,
        level=curve["clean"]["value"],
        level_name="with no change",
        mark=median if known else None,
        mark_name=f"median smallest change: {size_in_words(curve, median)}",
    )


def describe_curve(curve: Mapping[str, Any]) -> str:
    """Every figure of the security curve in words."""
    parts = [
        f"{size_in_words(curve, point['size'])}: {percent(point['value'])} ({interval(point)})"
        for point in curve["points"]
    ]
    return (
        f"Security curve with 95 % intervals, share {LEFT[curve['goal']]} at each size: "
        + "; ".join(parts)
        + "."
    )
