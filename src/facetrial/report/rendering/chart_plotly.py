"""A chart as plotly draws it on a page: plain values whose colours are names that the page's theme fills in."""

from collections.abc import Sequence
from typing import Any

from facetrial.report.rendering.chart_layout import NOTHING_MEASURED, Layout, Placed, in_words, lay_out
from facetrial.report.rendering.components import Chart

_MARKS = ("circle", "square", "diamond", "triangle-up", "triangle-down", "cross", "x", "star", "hexagon")
_HATCHES = ("", "/", ".", "x", "\\", "-")
_FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Liberation Sans', sans-serif"

_MIDDLE = {"xref": "paper", "yref": "paper", "x": 0.5, "y": 0.5}
_NOTHING = {"text": NOTHING_MEASURED, "showarrow": False, **_MIDDLE}


def plotly_chart(chart: Chart) -> dict[str, Any]:
    """`data` and `layout` for Plotly.newPlot. Every value that begins with "@" under a key of colour names a tone."""
    layout = lay_out(chart)
    lines, line_names = _lines(chart, layout)
    data = [trace for placed in layout.placed for trace in _traces(placed, chart.sideways)] + line_names
    names, values = _name_axis(chart, layout), _value_axis(chart, layout)
    x, y = (values, names) if chart.sideways else (names, values)
    tones = len({placed.tone for placed in layout.placed})
    height = 130 + len(layout.categories) * max(34, 16 * tones) if chart.sideways else 340
    return {
        "data": data,
        "layout": {
            "xaxis": x,
            "yaxis": y,
            "shapes": lines,
            "annotations": [_NOTHING] if layout.empty else [],
            "height": height,
            "margin": {"l": 8, "r": 12, "t": 8, "b": 8},
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "font": {"family": _FONT, "size": 12, "color": "@ink"},
            "hoverlabel": {
                "bgcolor": "@paper",
                "bordercolor": "@muted",
                "font": {"color": "@ink"},
                "align": "left",
            },
            "hovermode": "closest",
            "barmode": "overlay",
            "showlegend": any(trace.get("name") for trace in data),
            "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
        },
    }


def _lines(chart: Chart, layout: Layout) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The lines across and along, as shapes, and empty traces that have the legend name them."""
    shapes, named = [], []
    for value, name, dash, tone, across in (
        (layout.level, chart.level_name, "dot", "@muted", not chart.sideways),
        (layout.mark, chart.mark_name, "dash", "@ink", chart.sideways),
    ):
        if value is None:
            continue
        line = {"color": tone, "dash": dash, "width": 1.5}
        place, span = ("y", "x") if across else ("x", "y")
        ends = {f"{place}0": value, f"{place}1": value, f"{span}0": 0, f"{span}1": 1}
        shapes.append({"type": "line", "line": line, "layer": "below", f"{span}ref": "paper", **ends})
        if name:
            named.append({"x": [None], "y": [None], "mode": "lines", "name": _text(name), "line": line})
    return shapes, named


def _name_axis(chart: Chart, layout: Layout) -> dict[str, Any]:
    """The axis of categories, or of numbers that are no values."""
    axis = _axis(chart.x_title)
    if layout.categories:
        texts = [_text(name) for name in layout.categories]
        limits = [-0.6, len(texts) - 0.4]
        axis |= {"tickvals": list(range(len(texts))), "ticktext": texts, "showgrid": False}
        axis["range"] = limits[::-1] if chart.sideways else limits
    elif layout.ticks:
        axis |= {"type": "log", "tickvals": layout.ticks, "showgrid": False}
        axis["ticktext"] = [in_words(tick, False) for tick in layout.ticks]
    elif chart.percent_x:
        axis |= {"tickformat": ".0%", "range": [-0.02, 1.02]}
    return axis


def _value_axis(chart: Chart, layout: Layout) -> dict[str, Any]:
    axis = _axis(chart.y_title)
    if chart.percent:
        ticks = (
            {"tickformat": ".2~%"} if chart.to_largest else {"tickformat": ".0%", "dtick": 0.2, "tick0": 0}
        )
        return axis | {"range": list(layout.percent_range), **ticks}
    return axis | {"zeroline": False}


def _axis(title: str) -> dict[str, Any]:
    return {
        "title": {"text": _text(title), "standoff": 8},
        "automargin": True,
        "gridcolor": "@grid",
        "linecolor": "@muted",
        "zeroline": False,
        "showline": True,
        "ticks": "outside",
        "ticklen": 4,
        "tickcolor": "@muted",
    }


def _traces(placed: Placed, sideways: bool) -> list[dict[str, Any]]:
    """What plotly draws of a series: its band first, then the points or bars, then words."""
    series, colour = placed.series, f"@{placed.tone}"
    if not placed.y:
        return []
    common: dict[str, Any] = {
        "hovertext": [_text(text) for text in placed.told],
        "hoverinfo": "text",
        "name": _text(series.name),
        "showlegend": bool(series.name),
        "legendgroup": f"{placed.number}{series.hollow}",
        **_turned(placed.x, placed.y, sideways),
    }
    bands = []
    if placed.low is not None and placed.high is not None:
        if series.band:
            band = _band(placed.x, placed.low, placed.high, colour, sideways)
            bands.append(band | {"legendgroup": common["legendgroup"]})
        else:
            whiskers = _whiskers(placed, placed.low, placed.high, colour)
            common["error_x" if sideways else "error_y"] = whiskers
    if series.bars:
        return [*bands, common | _bars(placed, colour, sideways), _values(placed, sideways)]
    return [*bands, common | _points(placed, colour)]


def _whiskers(placed: Placed, low: Sequence[float], high: Sequence[float], colour: str) -> dict[str, Any]:
    crowd = placed.crowded
    return {
        "type": "data",
        "symmetric": False,
        "array": [max(above - value, 0.0) for above, value in zip(high, placed.y, strict=True)],
        "arrayminus": [max(value - below, 0.0) for below, value in zip(low, placed.y, strict=True)],
        "color": "@ink" if placed.series.bars else "@faint" if crowd else colour,
        "thickness": 0.8 if crowd else 1.5,
        "width": 0 if crowd else 4,
    }


def _bars(placed: Placed, colour: str, sideways: bool) -> dict[str, Any]:
    pattern = {
        "shape": _HATCHES[placed.number % len(_HATCHES)],
        "fillmode": "overlay",
        "fgcolor": "@paper",
        "size": 6,
        "solidity": 0.2,
    }
    return {
        "type": "bar",
        "orientation": "h" if sideways else "v",
        "width": [placed.width] * len(placed.x),
        "marker": {"color": colour, "pattern": pattern},
    }


def _points(placed: Placed, colour: str) -> dict[str, Any]:
    series = placed.series
    symbol = _MARKS[placed.number % len(_MARKS)] + ("-open" if series.hollow else "")
    marker = {"color": colour, "symbol": symbol, "size": 8, "opacity": 0.55 if placed.crowded else 1}
    if placed.sizes is not None:
        marker |= {"size": _diameters(placed.sizes), "line": {"width": 0}}
    modes = [mode for mode, on in (("lines", series.line), ("markers", series.points)) if on]
    line = {"color": colour, "width": 2}
    return {"type": "scatter", "mode": "+".join(modes), "marker": marker, "line": line}


def _values(placed: Placed, sideways: bool) -> dict[str, Any]:
    """The values of bars in words, beyond the whiskers."""
    return {
        "type": "scatter",
        "mode": "text",
        **_turned(placed.x, [placed.top(i) for i in range(len(placed.x))], sideways),
        "text": placed.words,
        "textposition": "middle right" if sideways else "top center",
        "textfont": {"color": "@ink", "size": 13},
        "cliponaxis": False,
        "hoverinfo": "skip",
        "showlegend": False,
    }


def _band(
    x: Sequence[float], low: Sequence[float], high: Sequence[float], colour: str, sideways: bool
) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "lines",
        **_turned([*x, *reversed(x)], [*high, *reversed(low)], sideways),
        "fill": "toself",
        "fillcolor": f"{colour}/0.18",
        "line": {"width": 0, "color": colour},
        "hoverinfo": "skip",
        "showlegend": False,
    }


def _diameters(sizes: Sequence[float]) -> list[float]:
    return [round(5 + 9 * (size / max(sizes)) ** 0.5, 1) for size in sizes]


def _turned(x: Sequence[float], y: Sequence[float], sideways: bool) -> dict[str, Sequence[float]]:
    return {"x": y, "y": x} if sideways else {"x": x, "y": y}


def _text(text: str) -> str:
    """Plotly reads a few tags in texts; what comes from outside must not become one."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\n", "<br>")
