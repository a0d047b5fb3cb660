"""Certified accuracy, on the axes of what an attack leaves."""

from collections.abc import Mapping, Sequence
from typing import Any

from facetrial.report.rendering.components import Chart, Section, Series
from facetrial.report.rendering.formatting import interval, percent


def certified_section(summary: Mapping[str, Any]) -> Section | None:
    """What no change within a radius can alter; None without certificates."""
    if "certified" not in summary:
        return None
    return Section(
        "What is certain", [certified_sentence(summary["certified"])], charts=[certified_chart(summary)]
    )


def certified_chart(summary: Mapping[str, Any]) -> Chart:
    """What is certified right at each L2 radius; where the attack looked for the smallest L2 change, also what it left.

    Of the attack, only wrong names count: where nobody is named, no certificate is broken. Counted so, an attack can
    leave no less than is certified, but for certificates and votes that are wrong by chance.
    """
    certified = summary["certified"]
    series = [_line("certified", certified["points"], "radius", "eight_bit")]
    beside = ""
    if "left" in certified:
        points = [point for point in certified["left"] if point["n"]]
        series.append(_line(f"left by {summary['attack']}", points, "size", "attacked"))
        beside = " What the attack left are pictures without a wrong name; there an abstention is none."
    return Chart(
        "certified",
        describe_certified(certified),
        "The share of pictures whose right name no change within the L2 radius alters, but for one certificate in "
        f"{1 / certified['alpha']:.0f} (alpha = {certified['alpha']:g}); abstentions count as wrong.{beside} Whiskers: "
        "95 % intervals.",
        "L2 distance, pixels in [0, 1]",
        "right",
        series,
        level=summary["clean_accuracy"]["value"],
        level_name="clean",
    )


def _line(name: str, points: Sequence[Mapping[str, Any]], key: str, tone: str) -> Series:
    columns = ([point[part] for point in points] for part in (key, "value", "low", "high"))
    return Series(name, *columns, line=True, tone=tone)


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
