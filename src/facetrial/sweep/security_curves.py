"""All security curves of a sweep side by side: what is left at each size, the area below, and the medians."""

from collections.abc import Sequence

import pandas as pd

from facetrial.metrics.security_curve import LEFT, SecurityCurve, curve_rows
from facetrial.report.rendering.components import Cell, Chart, Section, Table
from facetrial.report.rendering.formatting import NOTHING, interval, percent
from facetrial.report.sections.security_curve import size_axis, size_in_words, size_series
from facetrial.sweep.runs import FinishedRun

FILE = "curves.csv"
_MOST = 8  # lines in one chart


def curves_table(runs: Sequence[FinishedRun]) -> pd.DataFrame:
    """A line a size and trial: `trial`, `run`, `norm`, `unit`, `size`, `value`, `low`, `high`, `n` and `synthetic`."""
    parts = [
        curve_rows(run.summary.curve).assign(
            trial=run.name, run=run.folder.name, synthetic=run.summary.synthetic
        )
        for run in runs
        if run.summary.curve is not None
    ]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def curves_section(runs: Sequence[FinishedRun]) -> Section | None:
    """A chart of each norm and goal with all its curves, and a table of areas and medians; None without two curves."""
    groups: dict[tuple[str, str], list[tuple[str, SecurityCurve]]] = {}
    for run in runs:
        if (curve := run.summary.curve) is not None:
            groups.setdefault((curve.norm, curve.goal), []).append((run.name, curve))
    sentences, charts, tables = [], [], []
    for curves in groups.values():
        if len(curves) > 1:
            # Where nothing could be attacked, nothing was measured.
            ranked = sorted(curves, key=lambda one: (not one[1].area.n, one[1].area.value))
            if ranked[1][1].area.n:
                sentences.append(_sentence([one for one in ranked if one[1].area.n]))
            charts.append(_chart(ranked))
            tables.append(_table(ranked))
    if not charts:
        return None
    return Section(
        "How much it takes, trial by trial",
        sentences,
        "From the smallest change of each picture, found by one run of each attack. The area is the mean share left "
        "over all sizes up to the largest that was looked for: 100 % if nothing is fooled; areas up to other sizes are "
        f"no match. All points are in {FILE}.",
        charts=charts,
        tables=tables,
    )


def _sentence(ranked: Sequence[tuple[str, SecurityCurve]]) -> str:
    name, curve = ranked[0]
    if len({one.limit for _, one in ranked}) > 1:
        return f"The trials ({curve.norm}) looked up to different sizes, so that their areas are no match."
    other, second = ranked[1]
    least = (
        f"Up to {size_in_words(curve, curve.limit)} ({curve.norm}), least is left by {name}: "
        f"{percent(curve.area.value)} {LEFT[curve.goal]} on average over all sizes (95 % interval "
        f"{interval(curve.area)})"
    )
    if curve.area.high < second.area.low:
        return f"{least}, fewer than by {other}, the next ({interval(second.area)})."
    return f"{least}; that it leaves fewer than {other}, the next ({interval(second.area)}), is not shown."


def _chart(ranked: Sequence[tuple[str, SecurityCurve]]) -> Chart:
    first, shown = ranked[0][1], ranked[:_MOST]
    few = (
        ""
        if len(shown) == len(ranked)
        else f" The {_MOST} of {len(ranked)} trials that leave least are drawn."
    )
    return Chart(
        f"curves_{first.norm}_{first.goal}",
        f"Security curves ({first.norm}), share {LEFT[first.goal]} at each size; the table below holds areas and "
        "medians.",
        "Whiskers: 95 % intervals." + few,
        size_axis(first),
        LEFT[first.goal],
        [size_series(name, curve.points) for name, curve in shown],
        log_x=True,
    )


def _table(ranked: Sequence[tuple[str, SecurityCurve]]) -> Table:
    lines: list[list[Cell]] = []
    for name, curve in ranked:
        median = curve.median
        value, low, high = (size_in_words(curve, size) for size in (median.value, median.low, median.high))
        shown = [value, f"{low} to {high}, n = {median.n}"] if median.n else [NOTHING, NOTHING]
        lines.append([name, curve.area, size_in_words(curve, curve.limit), *shown])
    header = ["trial", "area below", "up to", "median smallest change", "95 % interval"]
    return Table(f"Areas and medians, {ranked[0][1].norm}, {ranked[0][1].goal}", header, lines)
