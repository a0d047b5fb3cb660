"""A chart as a figure of matplotlib, for files."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib.ticker
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure

from facetrial.metrics.summary import TrialSummary
from facetrial.report.rendering.chart_layout import NOTHING_MEASURED, Layout, Placed, in_words, lay_out
from facetrial.report.rendering.components import Chart
from facetrial.report.rendering.theme import LIGHT, Theme, mark, new_axes, save_figure

_MARKS = ("o", "s", "D", "^", "v", "P", "X", "*", "h")
_HATCHES = ("", "//", "..", "xx", "\\\\", "--")


def save_chart(chart: Chart, folder: Path, summaries: Sequence[TrialSummary]) -> list[Path]:
    """Writes a chart's PNG and SVG, named after it, into `folder`."""
    figure = chart_figure(chart, summaries)
    paths = [folder / f"{chart.name}.{kind}" for kind in ("png", "svg")]
    for path in paths:
        save_figure(figure, path)
        figure.set_layout_engine("none")  # it has its places now
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
    names.set_label_text(chart.x_title, fontsize=9, parse_math=False)
    values.set_label_text(chart.y_title, fontsize=9, parse_math=False)
    if layout.empty:
        text = axes.text(0.5, 0.5, NOTHING_MEASURED, color=theme.ink, fontsize=9, transform=axes.transAxes)
        text.set(ha="center", va="center")
    handles, labels = axes.get_legend_handles_labels()
    if labels:
        legend = figure.legend(
            handles,
            labels,
            loc="outside upper left",
            ncols=min(len(labels), 3),
            fontsize=8,
            frameon=False,
            labelcolor=theme.ink,
        )
        for text in legend.get_texts():
            text.set_parse_math(False)
    mark(figure, summaries, theme)
    return figure


def _value_axis(axes: Axes, axis: Axis, chart: Chart, ends: tuple[float, float], theme: Theme) -> None:
    if chart.percent:
        (axes.set_xlim if chart.sideways else axes.set_ylim)(*ends)
        whole = matplotlib.ticker.FixedLocator([0, 0.2, 0.4, 0.6, 0.8, 1])
        axis.set_major_locator(matplotlib.ticker.MaxNLocator(5) if chart.to_largest else whole)
        axis.set_major_formatter(lambda value, _: f"{100 * value:.3g} %")
    axes.grid(axis="x" if chart.sideways else "y", color=theme.muted, alpha=0.3, linewidth=0.6)
    axes.set_axisbelow(True)


def _name_axis(axes: Axes, axis: Axis, chart: Chart, layout: Layout) -> None:
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
    x, y, label, crowd = placed.x, placed.y, series.name, placed.crowded
    if not y:
        return
    if series.bars:
        _bars(axes, placed, sideways, theme)
        label = ""
    if placed.low is not None and placed.high is not None:
        if series.band:
            axes.fill_between(x, placed.low, placed.high, color=colour, alpha=0.18, linewidth=0)
        else:
            below = [max(value - low, 0.0) for low, value in zip(placed.low, y, strict=True)]
            above = [max(high - value, 0.0) for high, value in zip(placed.high, y, strict=True)]
            axes.errorbar(
                *_turned(x, y, sideways),
                xerr=[below, above] if sideways else None,
                yerr=None if sideways else [below, above],
                fmt="none",
                ecolor=theme.ink if series.bars else theme.muted if crowd else colour,
                elinewidth=0.8 if crowd else 1.4,
                capsize=0 if crowd else 3,
                alpha=0.25 if crowd else None,
            )
    if series.line:
        axes.plot(*_turned(x, y, sideways), color=colour, linewidth=1.4, label=label)
        label = ""
    if series.points and not series.bars:
        sizes = 36.0 if placed.sizes is None else _areas(placed.sizes)
        axes.scatter(
            *_turned(x, y, sideways),
            sizes,
            marker=_MARKS[placed.number % len(_MARKS)],
            facecolors="none" if series.hollow else colour,
            edgecolors=colour if series.hollow else "none",
            alpha=0.55 if crowd else 1.0,
            zorder=3,
            label=label,
        )


def _bars(axes: Axes, placed: Placed, sideways: bool, theme: Theme) -> None:
    """Bars with their values in words beyond the whiskers."""
    x, y, label = placed.x, placed.y, placed.series.name
    colour, hatch = getattr(theme, placed.tone), _HATCHES[placed.number % len(_HATCHES)]
    draw, ha, va = (axes.barh, "left", "center") if sideways else (axes.bar, "center", "bottom")
    draw(x, y, placed.width, color=colour, hatch=hatch, edgecolor=theme.paper, linewidth=0, label=label)
    for i, place in enumerate(x):
        end = placed.top(i) + 0.02 * (axes.get_xbound() if sideways else axes.get_ybound())[1]
        at = (end, place) if sideways else (place, end)
        axes.text(*at, placed.words[i], color=theme.ink, fontsize=9, ha=ha, va=va)


def _areas(sizes: Sequence[float]) -> list[float]:
    return [14 + 60 * size / max(sizes) for size in sizes]


def _turned(x: list[float], y: list[float], sideways: bool) -> tuple[list[float], list[float]]:
    return (y, x) if sideways else (x, y)
