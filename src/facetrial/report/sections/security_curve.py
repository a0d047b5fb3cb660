"""The security curve on a page."""

from collections.abc import Sequence

import numpy as np

from facetrial.metrics.security_curve import LEFT, CurvePoint, SecurityCurve
from facetrial.metrics.summary import TrialSummary
from facetrial.report.rendering.components import Chart, Section, Series
from facetrial.report.rendering.formatting import figure_in_words


def size_in_words(curve: SecurityCurve, size: float) -> str:
    """0.5 -> "0.5/255" for Linf, else "0.5"; unknown or infinite -> "more than" the limit."""
    if not np.isfinite(size):
        return f"more than {size_in_words(curve, curve.limit)}"
    return f"{size:.3g}{curve.unit.removeprefix('1')}"


def size_series(name: str, points: Sequence[CurvePoint], tone: str | None = None) -> Series:
    """What is left at each size, as a line; sizes at which nothing was measured are left out."""
    points = [point for point in points if point.n]
    return Series.of(name, [point.size for point in points], points, line=True, tone=tone)


def size_axis(curve: SecurityCurve) -> str:
    """What an axis of sizes is called."""
    return f"largest change allowed ({curve.norm}{f', in {curve.unit}' if curve.unit else ''})"


def curve_section(summary: TrialSummary) -> Section | None:
    """What is left at each size of a change; None where the attack did not look for the smallest."""
    if summary.curve is None:
        return None
    flags = summary.flagging is not None and not summary.naive
    note = "A picture that fools the recogniser and is flagged is still left." if flags else ""
    return Section("How much it takes", note=note, charts=[curve_chart(summary.curve)])


def curve_chart(curve: SecurityCurve) -> Chart:
    """The security curve with 95 % intervals, what is left with no change, and the median smallest change."""
    median = curve.median.value
    known = np.isfinite(median) and median > 0
    return Chart(
        "curve",
        describe_curve(curve),
        "What is left at each size of a change, from the smallest change of each picture (in float32). Whiskers: "
        "95 % intervals.",
        size_axis(curve),
        LEFT[curve.goal],
        [size_series("left by the attack", curve.points, "attacked")],
        log_x=True,
        level=curve.clean.value,
        level_name="with no change",
        mark=median if known else None,
        mark_name=f"median smallest change: {size_in_words(curve, median)}",
    )


def describe_curve(curve: SecurityCurve) -> str:
    """Every figure of the security curve in words."""
    parts = [f"{size_in_words(curve, point.size)}: {figure_in_words(point)}" for point in curve.points]
    return (
        f"Security curve with 95 % intervals, share {LEFT[curve.goal]} at each size: "
        + "; ".join(parts)
        + "."
    )
