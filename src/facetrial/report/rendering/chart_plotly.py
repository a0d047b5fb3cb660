"""A chart as plotly draws it on a page: plain values whose colours are names that the page's theme fills in."""

from collections.abc import Sequence
from typing import Any

from facetrial.report.rendering.chart_layout import NOTHING_MEASURED, Placed, in_words, lay_out
from facetrial.report.rendering.components import Chart

_MARKS = ("circle", "square", "diamond", "triangle-up", "triangle-down", "cross", "x", "star", "hexagon")
_HATCHES = ("", "/", ".", "x", "\\", "-")
_FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Liberation Sans', sans-serif"

_MIDDLE = {"xref": "paper", "yref": "paper", "x": 0.5, "y": 0.5}
_NOTHING = {"text": NOTHING_MEASURED, "showarrow": False, **_MIDDLE}


def plotly_chart(chart: Chart) -> dict[str, Any]:
    """`data` and `layout` for Plotly.newPlot. Every value that begins with "@" under a key of colour names a tone."""
    layout = lay_out(chart)
    data = [trace for placed in layout.placed for trace in _traces(placed, chart.sideways)]
    lines = []
    for value, name, dash, tone, across in (
        (layout.level, chart.level_name, "dot", "@muted", not chart.sideways),
        (layout.mark, chart.mark_name, "dash", "@ink", chart.sideways),
    ):
        if value is None:
            continue
        line = {"color": tone, "dash": dash, "width": 1.5}
        place, span = ("y", "x") if across else ("x", "y")
        ends = {f"{place}0": value, f"{place}1": value, f"{span}0": 0, f"{span}1": 1}
        lines.append({"type": "line", "line": line, "layer": "below", f"{span}ref": "paper", **ends})
        if name:
            data.append({"x": [None], "y": [None], "mode": "lines", "name": _text(name), "line": line})
    names = _axis(chart.x_title)
    if layout.categories:
        texts = [_text(name) for name in layout.categories]
        limits = [-0.6, len(texts) - 0.4]
        names |= {"tickvals": list(range(len(texts))), "ticktext": texts, "showgrid": False}
        names["range"] = limits[::-1] if chart.sideways else limits
    elif layout.ticks:
        names |= {"type": "log", "tickvals": layout.ticks, "showgrid": False}
        names["ticktext"] = [in_words(tick, False) for tick in layout.ticks]
    elif chart.percent_x:
        names |= {"tickformat": ".0%", "range": [-0.02, 1.02]}
    values = _axis(chart.y_title)
    if chart.percent:
        ticks = (
            {"tickformat": ".2~%"} if chart.to_largest else {"tickformat": ".0%", "dtick": 0.2, "tick0": 0}
        )
        values |= {"range": list(layout.percent_range), **ticks}
    else:
        values["zeroline"] = False
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
    series, colour = placed.series, f"@{placed.tone}"
    x, y, crowd = placed.x, placed.y, placed.crowded
    if not y:
        return []
    traces = []
    trace: dict[str, Any] = {
        "hovertext": [_text(text) for text in placed.told],
        "hoverinfo": "text",
        "name": _text(series.name),
        "showlegend": bool(series.name),
        "legendgroup": f"{placed.number}{series.hollow}",
        **_turned(x, y, sideways),
    }
    if placed.low is not None and placed.high is not None:
        if series.band:
            band = _band(x, placed.low, placed.high, colour, sideways)
            traces.append(band | {"legendgroup": trace["legendgroup"]})
        else:
            trace["error_x" if sideways else "error_y"] = {
                "type": "data",
                "symmetric": False,
                "array": [max(above - value, 0.0) for above, value in zip(placed.high, y, strict=True)],
                "arrayminus": [max(value - below, 0.0) for below, value in zip(placed.low, y, strict=True)],
                "color": "@ink" if series.bars else "@faint" if crowd else colour,
                "thickness": 0.8 if crowd else 1.5,
                "width": 0 if crowd else 4,
            }
    if series.bars:
        trace |= {
            "type": "bar",
            "orientation": "h" if sideways else "v",
            "width": [placed.width] * len(x),
            "marker": {
                "color": colour,
                "pattern": {
                    "shape": _HATCHES[placed.number % len(_HATCHES)],
                    "fillmode": "overlay",
                    "fgcolor": "@paper",
                    "size": 6,
                    "solidity": 0.2,
                },
            },
        }
        return [*traces, trace, _values(placed, sideways)]
    symbol = _MARKS[placed.number % len(_MARKS)] + ("-open" if series.hollow else "")
    marker = {"color": colour, "symbol": symbol, "size": 8, "opacity": 0.55 if crowd else 1}
    if placed.sizes is not None:
        marker["size"] = _diameters(placed.sizes)
        marker["line"] = {"width": 0}
    modes = [mode for mode, on in (("lines", series.line), ("markers", series.points)) if on]
    trace |= {
        "type": "scatter",
        "mode": "+".join(modes),
        "marker": marker,
        "line": {"color": colour, "width": 2},
    }
    return [*traces, trace]


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
