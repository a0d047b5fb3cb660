"""All security curves of a sweep side by side: what is left at each size, the area below, and the medians."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from facetrial.metrics.security_curve import LEFT, curve_rows
from facetrial.report.rendering.components import Chart, Section, Series, Table
from facetrial.report.rendering.formatting import NOTHING, interval, percent
from facetrial.report.sections.security_curve import size_in_words
from facetrial.sweep.comparisons import trial_names
from facetrial.sweep.runs import Run
from facetrial.trial.rows import write_rows

FILE = "curves.csv"
_MOST = 8  # lines in one chart


def curves_table(runs: Sequence[Run]) -> pd.DataFrame:
    """A line a size and trial: `trial`, `run`, `norm`, `unit`, `size`, `value`, `low`, `high`, `n` and `synthetic`."""
    parts = [
        curve_rows(run.summary["curve"]).assign(
            trial=name, run=run.folder.name, synthetic=bool(run.summary["synthetic"])
        )
        for name, run in _with_curves(runs)
    ]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def write_curves(table: pd.DataFrame, folder: str | Path) -> Path:
    """Writes `curves.csv`."""
    path = Path(folder) / FILE
    write_rows(table, path)
    return path


def curves_section(runs: Sequence[Run]) -> Section | None:
    """A chart of each norm and goal with all its curves, and a table of areas and medians; None without two curves."""
    groups: dict[tuple[str, str], list[tuple[str, Run]]] = {}
    for name, run in _with_curves(runs):
        curve = run.summary["curve"]
        groups.setdefault((curve["norm"], curve["goal"]), []).append((name, run))
    groups = {key: members for key, members in groups.items() if len(members) > 1}
    if not groups:
        return None
    sentences, charts, tables = [], [], []
    for (norm, goal), members in groups.items():
        ranked = sorted(members, key=lambda one: one[1].summary["curve"]["area"]["value"])
        sentences.append(_sentence(norm, goal, ranked))
        charts.append(_chart(norm, goal, ranked))
        tables.append(_table(norm, goal, ranked))
    return Section(
        "How much it takes, trial by trial",
        sentences,
        "From the smallest change of each picture, found by one run of each attack. The area is the mean share left "
        "over all sizes up to the largest that was looked for: 100 % if nothing is fooled; areas up to other sizes are "
        f"no match. All points are in {FILE}.",
        charts=charts,
        tables=tables,
    )


def _with_curves(runs: Sequence[Run]) -> list[tuple[str, Run]]:
    finished = [run for run in runs if run.summary is not None]
    return [
        one
        for one in zip(trial_names(runs), finished, strict=True)
        if "area" in one[1].summary.get("curve", {})
    ]


def _sentence(norm: str, goal: str, ranked: Sequence[tuple[str, Run]]) -> str:
    (name, run), limits = ranked[0], {one.summary["curve"]["limit"] for _, one in ranked}
    curve = run.summary["curve"]
    where = f"Up to {size_in_words(curve, curve['limit'])} ({norm})"
    if len(limits) > 1:
        return f"The trials ({norm}) looked up to different sizes, so that their areas are no match."
    return (
        f"{where}, least is left by {name}: {percent(curve['area']['value'])} {LEFT[goal]} on average over all sizes "
        f"(95 % interval {interval(curve['area'])})."
    )


def _chart(norm: str, goal: str, ranked: Sequence[tuple[str, Run]]) -> Chart:
    unit = ranked[0][1].summary["curve"]["unit"]
    shown = ranked[:_MOST]
    series = []
    for name, run in shown:
        points = [point for point in run.summary["curve"]["points"] if point["n"]]
        sizes = [point["size"] for point in points]
        series.append(
            Series(name, sizes, *([p[k] for p in points] for k in ("value", "low", "high")), line=True)
        )
    few = (
        ""
        if len(shown) == len(ranked)
        else f" The {_MOST} of {len(ranked)} trials that leave least are drawn."
    )
    return Chart(
        f"curves_{norm}_{goal}",
        f"Security curves ({norm}), share {LEFT[goal]} at each size; the table below holds areas and medians.",
        "Whiskers: 95 % intervals." + few,
        f"largest change allowed ({norm}{f', in {unit}' if unit else ''})",
        LEFT[goal],
        series,
        log_x=True,
    )


def _table(norm: str, goal: str, ranked: Sequence[tuple[str, Run]]) -> Table:
    lines = []
    for name, run in ranked:
        curve = run.summary["curve"]
        median, known = curve["median"], curve["median"]["n"]
        ends = [size_in_words(curve, median[end]) for end in ("value", "low", "high")]
        lines.append(
            [
                name,
                curve["area"],
                size_in_words(curve, curve["limit"]),
                ends[0] if known else NOTHING,
                f"{ends[1]} to {ends[2]}" if known else NOTHING,
            ]
        )
    header = ["trial", "area below", "up to", "median smallest change", "95 % interval"]
    return Table(f"Areas and medians, {norm}, {goal}", header, lines)
