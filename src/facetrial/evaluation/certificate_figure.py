"""Certified accuracy, on the axes of what an attack leaves."""

from collections.abc import Mapping
from typing import Any

from matplotlib.figure import Figure

from facetrial.evaluation.figures import LIGHT, Theme, draw_figures, mark, new_axes, percent_axis
from facetrial.evaluation.tables import interval, percent


def certified_figure(summary: Mapping[str, Any], theme: Theme = LIGHT) -> Figure:
    """What is certified right at each L2 radius; where the attack looked for the smallest L2 change, also what it left.

    An attack can leave no less than is certified, but for certificates that are wrong by chance.
    """
    certified = summary["certified"]
    figure, axes = new_axes(theme, 4.9, 3.3)
    mark(figure, [summary], theme)
    percent_axis(axes, theme, "right")
    axes.set_xlabel("L2 distance, pixels in [0, 1]", fontsize=9)
    axes.axhline(
        summary["clean_accuracy"]["value"], color=theme.clean, linestyle=":", linewidth=1.4, label="clean"
    )
    _line(axes, certified["points"], "radius", theme.eight_bit, "s", "certified")
    curve = summary.get("curve")
    if curve is not None and curve["norm"] == "l2":
        largest = 2.0 * certified["largest"]
        points = [point for point in curve["points"] if point["n"] and point["size"] <= largest]
        _line(axes, points, "size", theme.attacked, "o", f"left by {summary['attack']}")
    axes.set_xlim(left=-0.02 * certified["largest"])
    axes.legend(fontsize=8, frameon=False, labelcolor=theme.ink, loc="lower left")
    return figure


def _line(axes, points: list, key: str, colour: str, marker: str, label: str) -> None:
    axes.plot(
        [p[key] for p in points], [p["value"] for p in points], color=colour, linewidth=1.2, label=label
    )
    for point in points:
        draw_figures(axes, point[key], point, colour, marker)


def describe_certified(certified: Mapping[str, Any]) -> str:
    """Every figure of it in words."""
    return "Certified accuracy with 95 % intervals at each L2 radius: " + "; ".join(
        f"{point['radius']:.3g}: {percent(point['value'])} ({interval(point)})"
        for point in certified["points"]
    )


def certified_sentence(certified: Mapping[str, Any]) -> str:
    """What is certified at twice the noise, or as near to it as the number of copies allows."""
    point = min(certified["points"], key=lambda p: abs(p["radius"] - 2 * certified["sigma"]))
    return (
        f"At L2 radius {point['radius']:.3g}, {percent(point['value'])} are certified right "
        f"(95 % interval {interval(point)}; abstentions count as wrong)."
    )
