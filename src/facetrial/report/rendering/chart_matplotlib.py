"""A chart as a figure of matplotlib, for files."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib.ticker
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from facetrial.metrics.summary import TrialSummary
from facetrial.report.rendering.chart_layout import NOTHING_MEASURED, Layout, Placed, in_words, lay_out
from facetrial.report.rendering.components import Chart
from facetrial.report.rendering.theme import LIGHT, Theme, mark, new_axes, save_figure

_MARKS = ("o", "s", "D", "^", "v", "P", "X", "*", "h")
_HATCHES = ("", "//", "..", "xx", "\\\\", "--")
_CROWD = 20  # points from which whiskers step back


def save_chart(chart: Chart, folder: Path, summaries: Sequence[TrialSummary]) -> list[Path]:
    """Writes a chart's PNG and SVG, named after it, into `folder`."""
    figure = chart_figure(chart, summaries)
    paths = [folder / f"{chart.name}.{kind}" for kind in ("png", "svg")]
    for path in paths:
        save_figure(figure, path)
    return paths


def chart_figure(chart: Chart, summaries: Sequence[TrialSummary] = (), theme: Theme = LIGHT) -> Figure:
    """Draws a chart; what a reader of `summaries` must know (synthetic, a quick look) is written on it."""
    layout = lay_out(chart)
    count = max(len(layout.categories), 1)
    tones = len({placed.tone for placed in layout.placed})
    if chart.sideways:
        size = (7.2, 1.5 + count * max(0.32, 0.14 * tones))
    else:
        size = (max(4.9, 0.9 + count * max(0.55, 0.2 * tones)), 3.6)
    figure, axes = new_axes(theme, *size)
    names, values = (axes.yaxis, axes.xaxis) if chart.sideways else (axes.xaxis, axes.yaxis)
    _value_axis(axes, values, chart, layout.percent_range, theme)
    for placed in layout.placed:
        _draw(axes, placed, chart.sideways, theme)
    across, along = (axes.axvline, axes.axhline) if chart.sideways else (axes.axhline, axes.axvline)
    if layout.level is not None:
        across(layout.level, color=theme.muted, linestyle=":", linewidth=1.4, label=chart.level_name or None)
    if layout.mark is not None:
        along(layout.mark, color=theme.ink, linestyle="--", linewidth=1.0, label=chart.mark_name or None)
    _name_axis(axes, names, chart, layout)
    names.set_label_text(chart.x_title, fontsize=9)
    values.set_label_text(chart.y_title, fontsize=9)
    if layout.empty:
        middle = {"ha": "center", "va": "center", "transform": axes.transAxes}
        axes.text(0.5, 0.5, NOTHING_MEASURED, color=theme.ink, fontsize=9, **middle)
    handles, labels = axes.get_legend_handles_labels()
    if labels:
        figure.legend(
            handles,
            labels,
            loc="outside upper left",
            ncols=min(len(labels), 3),
            fontsize=8,
            frameon=False,
            labelcolor=theme.ink,
        )
    mark(figure, summaries, theme)
    return figure


def _value_axis(axes: Axes, axis: Any, chart: Chart, ends: tuple[float, float], theme: Theme) -> None:
    if chart.percent:
        (axes.set_xlim if chart.sideways else axes.set_ylim)(*ends)
        axis.set_major_locator(matplotlib.ticker.FixedLocator([0, 0.2, 0.4, 0.6, 0.8, 1]))
        axis.set_major_formatter(lambda value, _: f"{100 * value:.0f} %")
    axes.grid(axis="x" if chart.sideways else "y", color=theme.muted, alpha=0.3, linewidth=0.6)
    axes.set_axisbelow(True)


def _name_axis(axes: Axes, axis: Any, chart: Chart, layout: Layout) -> None:
    if layout.categories:
        axis.set_ticks(range(len(layout.categories)), layout.categories)
        long = len(layout.categories) * max(map(len, layout.categories)) > 60
        for label in axis.get_ticklabels():
            label.set_parse_math(False)
            if long and not chart.sideways:
                label.set(rotation=30, ha="right", rotation_mode="anchor")
        limits = (-0.6, len(layout.categories) - 0.4)
        if chart.sideways:
            axes.set_ylim(limits[1], limits[0])
        else:
            axes.set_xlim(limits)
    elif layout.ticks:
        axes.set_xscale("log")
        axis.set_major_locator(matplotlib.ticker.FixedLocator(layout.ticks))
        axis.set_major_formatter(matplotlib.ticker.FixedFormatter([in_words(t, False) for t in layout.ticks]))
        axis.set_minor_locator(matplotlib.ticker.NullLocator())
    elif chart.percent_x:
        axes.set_xlim(-0.02, 1.02)
        axis.set_major_formatter(lambda value, _: f"{100 * value:.0f} %")


def _draw(axes: Axes, placed: Placed, sideways: bool, theme: Theme) -> None:
    series, colour = placed.series, getattr(theme, placed.tone)
    kept = [i for i, value in enumerate(placed.y) if value is not None]
    x, y = [placed.x[i] for i in kept], [placed.y[i] for i in kept]
    label = {"label": series.name} if series.name else {}
    if not kept:
        return
    crowd = len(kept) > _CROWD and not series.line
    if series.bars:
        _bars(axes, placed, kept, sideways, theme, label)
        label = {}
    if placed.low is not None and placed.high is not None:
        below = [max(value - placed.low[i], 0.0) for i, value in zip(kept, y, strict=True)]
        above = [max(placed.high[i] - value, 0.0) for i, value in zip(kept, y, strict=True)]
        if series.band:
            low, high = [placed.low[i] for i in kept], [placed.high[i] for i in kept]
            axes.fill_between(x, low, high, color=colour, alpha=0.18, linewidth=0)
        else:
            ends = {"xerr" if sideways else "yerr": [below, above]}
            style = {"elinewidth": 0.8, "alpha": 0.25} if crowd else {"elinewidth": 1.4, "capsize": 3}
            ecolor = theme.ink if series.bars else theme.muted if crowd else colour
            axes.errorbar(*_turned(x, y, sideways), fmt="none", ecolor=ecolor, **ends, **style)
    if series.line:
        axes.plot(*_turned(x, y, sideways), color=colour, linewidth=1.4, **label)
        label = {}
    if series.points and not series.bars:
        sizes = 36.0 if series.sizes is None else _areas([series.sizes[i] for i in kept])
        axes.scatter(
            *_turned(x, y, sideways),
            sizes,
            marker=_MARKS[placed.number % len(_MARKS)],
            facecolors="none" if series.hollow else colour,
            edgecolors=colour if series.hollow else "none",
            alpha=0.55 if crowd else 1.0,
            zorder=3,
            **label,
        )


def _bars(
    axes: Axes, placed: Placed, kept: Sequence[int], sideways: bool, theme: Theme, label: dict[str, str]
) -> None:
    """Bars with their values in words beyond the whiskers."""
    x, y = [placed.x[i] for i in kept], [placed.y[i] for i in kept]
    style = {"color": getattr(theme, placed.tone), "hatch": _HATCHES[placed.number % len(_HATCHES)]}
    draw = axes.barh if sideways else axes.bar
    draw(x, y, placed.width, edgecolor=theme.paper, linewidth=0, **style, **label)
    align = {"ha": "left", "va": "center"} if sideways else {"ha": "center", "va": "bottom"}
    for i, place in zip(kept, x, strict=True):
        end = placed.top(i) + 0.02 * (axes.get_xbound() if sideways else axes.get_ybound())[1]
        at = (end, place) if sideways else (place, end)
        axes.text(*at, placed.words[i], color=theme.ink, fontsize=9, **align)


def _areas(sizes: Sequence[float]) -> list[float]:
    return [14 + 60 * size / max(sizes) for size in sizes]


def _turned(x: list, y: list, sideways: bool) -> tuple[list, list]:
    return (y, x) if sideways else (x, y)
