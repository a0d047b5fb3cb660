"""Figures of a trial, on matplotlib's Agg without pyplot: nothing global is touched and nothing stays open.

Colours are Okabe and Ito's, which people with any colour vision tell apart; shape and place say the same again.
"""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib
import matplotlib.ticker
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from facetrial.evaluation.curve import LEFT
from facetrial.evaluation.statistics import rate_over_people
from facetrial.evaluation.tables import NOTHING, percent
from facetrial.files import written_whole

Pictures = Mapping[str, tuple[np.ndarray, np.ndarray]]
"""For each file the clean and the attacked picture, float32 (3, H, W) in [0, 1]."""

FEWEST_PEOPLE_FOR_GROUPS = 20
NUM_GROUPS = 5
_GAINS = (1, 2, 3, 5, 10, 20, 50, 100, 200)


@dataclass(frozen=True)
class Theme:
    """Colours of a figure; the background is left transparent in the report and painted in files."""

    ink: str
    muted: str
    paper: str
    clean: str
    attacked: str
    eight_bit: str
    fourth: str
    fifth: str
    sixth: str
    seventh: str
    grid: str
    faint: str


LIGHT = Theme(
    ink="#1b1f24",
    muted="#9aa3ad",
    paper="#ffffff",
    clean="#0072B2",
    attacked="#D55E00",
    eight_bit="#009E73",
    fourth="#CC79A7",
    fifth="#E69F00",
    sixth="#56B4E9",
    seventh="#7d5a00",
    grid="#e4e8ec",
    faint="#d4d9de",
)
DARK = Theme(
    ink="#e8eaed",
    muted="#6f7882",
    paper="#16191d",
    clean="#56B4E9",
    attacked="#E69F00",
    eight_bit="#2fbf94",
    fourth="#CC79A7",
    fifth="#F0E442",
    sixth="#D55E00",
    seventh="#9db4c8",
    grid="#262c33",
    faint="#343b43",
)


def new_axes(
    theme: Theme, width: float, height: float, columns: int = 1, rows: int = 1
) -> tuple[Figure, Any]:
    """A figure of that many inches and its axes, plain in the theme's colours."""
    figure = Figure(figsize=(width, height), layout="constrained", facecolor=theme.paper)
    axes = figure.subplots(rows, columns, squeeze=False)
    for one in axes.flat:
        one.set_facecolor("none")
        one.tick_params(colors=theme.ink, labelsize=9, length=3)
        one.xaxis.label.set_color(theme.ink)
        one.yaxis.label.set_color(theme.ink)
        for side, spine in one.spines.items():
            spine.set_visible(side in ("left", "bottom"))
            spine.set_color(theme.muted)
    return figure, axes[0, 0] if rows == columns == 1 else axes


def draw_figures(axes: Axes, place: float, figure: Mapping[str, Any], colour: str, marker: str) -> None:
    """One proportion, {value, low, high}, as a point with its interval at `place` on the x axis."""
    if figure["value"] is None or np.isnan(figure["value"]):
        return
    below, above = figure["value"] - figure["low"], figure["high"] - figure["value"]
    axes.errorbar(
        place,
        figure["value"],
        [[max(below, 0.0)], [max(above, 0.0)]],
        color=colour,
        marker=marker,
        markersize=6,
        capsize=3,
        linewidth=1.6,
    )


def mark(figure: Figure, summaries: Sequence[Mapping[str, Any]], theme: Theme) -> None:
    """Writes on the figure itself what a reader must know: synthetic faces, a quick look, a failed check."""
    notes = []
    if any(summary["synthetic"] for summary in summaries):
        notes.append("synthetic faces")
    if limits := sorted({summary["limit"] for summary in summaries} - {None}):
        notes.append(f"a quick look, data.limit={limits[0]}")
    if not all(summary["trusted"] for summary in summaries):
        notes.append("not trusted: a check failed")
    if notes:
        figure.suptitle("; ".join(notes), x=0.99, ha="right", fontsize=8, style="italic", color=theme.ink)


def percent_axis(axes: Axes, theme: Theme, label: str) -> None:
    axes.set_ylim(-0.03, 1.05)
    axes.set_yticks(np.linspace(0, 1, 6), [f"{tick:.0f} %" for tick in np.linspace(0, 100, 6)])
    axes.set_ylabel(label, fontsize=9)
    axes.grid(axis="y", color=theme.muted, alpha=0.3, linewidth=0.6)
    axes.set_axisbelow(True)


def accuracy_figure(summary: Mapping[str, Any], theme: Theme = LIGHT) -> Figure:
    """Bars of the accuracy clean, attacked and attacked in 8 bits, with 95 % intervals."""
    bars = (
        ("clean", "clean_accuracy", theme.clean, ""),
        ("attacked", "robust_accuracy", theme.attacked, "//"),
        ("attacked,\n8-bit", "robust_accuracy_8bit", theme.eight_bit, ".."),
    )
    figure, axes = new_axes(theme, 4.6, 3.2)
    percent_axis(axes, theme, "recognised")
    for place, (_, key, colour, hatch) in enumerate(bars):
        accuracy = summary[key]
        value = accuracy["value"]
        if value is None or np.isnan(value):
            axes.text(place, 0.03, "not measured", ha="center", color=theme.ink, fontsize=8)
            continue
        axes.bar(place, value, 0.62, color=colour, hatch=hatch, edgecolor=theme.paper, linewidth=0)
        whiskers = [[max(value - accuracy["low"], 0)], [max(accuracy["high"] - value, 0)]]
        axes.errorbar(place, value, whiskers, color=theme.ink, capsize=5, linewidth=1.4)
        label = f"{percent(value)}\nn = {accuracy['n']}"
        inside = value > 0.35
        middle = accuracy["low"] - 0.03 if inside else accuracy["high"] + 0.03
        box = {"facecolor": theme.paper, "edgecolor": "none", "boxstyle": "round,pad=0.25", "alpha": 0.9}
        align = "top" if inside else "bottom"
        axes.text(place, middle, label, ha="center", va=align, color=theme.ink, fontsize=9, bbox=box)
    axes.set_xticks(range(len(bars)), [bar[0] for bar in bars])
    mark(figure, [summary], theme)
    return figure


def curve_figure(summary: Mapping[str, Any], theme: Theme = LIGHT) -> Figure:
    """The security curve: what is left at each size of a change, with 95 % intervals, and the median smallest."""
    curve = summary["curve"]
    figure, axes = new_axes(theme, 4.9, 3.3)
    mark(figure, [summary], theme)
    percent_axis(axes, theme, LEFT[curve["goal"]])
    unit = f", in {curve['unit']}" if curve["unit"] else ""
    axes.set_xlabel(f"largest change allowed ({curve['norm']}{unit})", fontsize=9)
    points = [point for point in curve["points"] if point["n"]]
    if not points:
        axes.text(
            0.5, 0.5, "nobody could be attacked", transform=axes.transAxes, ha="center", color=theme.ink
        )
        return figure
    sizes = [point["size"] for point in points]
    axes.axhline(
        curve["clean"]["value"], color=theme.clean, linestyle=":", linewidth=1.4, label="with no change"
    )
    axes.plot(sizes, [point["value"] for point in points], color=theme.attacked, linewidth=1.2)
    for point in points:
        draw_figures(axes, point["size"], point, theme.attacked, "o")
    median = curve["median"]["value"]
    if median is not None and np.isfinite(median):
        label = f"median smallest change: {median:.3g}"
        axes.axvline(median, color=theme.ink, linestyle="--", linewidth=1.0, label=label)
    axes.set_xscale("log", base=2)
    axes.xaxis.set_major_locator(matplotlib.ticker.FixedLocator(sizes))
    axes.xaxis.set_major_formatter(matplotlib.ticker.FixedFormatter([f"{size:.3g}" for size in sizes]))
    axes.xaxis.set_minor_locator(matplotlib.ticker.NullLocator())
    axes.legend(fontsize=8, frameon=False, labelcolor=theme.ink, loc="upper right", bbox_to_anchor=(1, 0.9))
    return figure


def people_figure(summary: Mapping[str, Any], theme: Theme = LIGHT) -> Figure:
    """Each person's accuracy under attack against the number of pictures the recogniser was trained on.

    With many people also the accuracy of groups of them, the fifth with the fewest training pictures first.
    """
    people = [p for p in summary["per_identity"].values() if p["robust"]["n"]]
    figure, axes = new_axes(theme, 4.9, 3.3)
    mark(figure, [summary], theme)
    percent_axis(axes, theme, "recognised under attack")
    axes.set_xlabel("training pictures of the person", fontsize=9)
    if not people:
        axes.text(
            0.5, 0.5, "nobody could be attacked", transform=axes.transAxes, ha="center", color=theme.ink
        )
        return figure
    trained = np.array([max(p["n_train"], 1) for p in people])
    values = np.array([p["robust"]["value"] for p in people])
    tested = np.array([p["robust"]["n"] for p in people])
    low, high = (np.array([p["robust"][end] for p in people]) for end in ("low", "high"))
    crowded = len(people) >= FEWEST_PEOPLE_FOR_GROUPS
    axes.errorbar(
        trained,
        values,
        [np.maximum(values - low, 0), np.maximum(high - values, 0)],
        fmt="none",
        ecolor=theme.muted,
        elinewidth=0.8,
        alpha=0.25 if crowded else 0.8,
    )
    size = 14 + 60 * tested / tested.max()
    axes.scatter(
        trained,
        values,
        size,
        color=theme.attacked,
        alpha=0.55,
        linewidth=0,
        label="one person (larger: more tested)",
    )
    if crowded:
        centres, groups = _groups_by_training(trained, values, tested)
        for centre, group in zip(centres, groups, strict=True):
            draw_figures(axes, centre, group, theme.ink, "D")
        axes.plot(
            centres,
            [g["value"] for g in groups],
            color=theme.ink,
            linewidth=1.2,
            label="a fifth of the people",
        )
    axes.set_xscale("log")
    _plain_log_ticks(axes, trained)
    axes.legend(fontsize=8, frameon=False, labelcolor=theme.ink, loc="lower right")
    return figure


def _groups_by_training(
    trained: np.ndarray, values: np.ndarray, tested: np.ndarray
) -> tuple[list[float], list[dict[str, Any]]]:
    order = np.argsort(trained, kind="stable")
    centres, groups = [], []
    for members in np.array_split(order, NUM_GROUPS):
        right = np.round(values[members] * tested[members]).astype(int)
        hits = np.concatenate([np.arange(n) < k for k, n in zip(right, tested[members], strict=True)])
        groups.append(rate_over_people(hits, np.repeat(members, tested[members])).as_dict())
        centres.append(float(np.exp(np.log(trained[members]).mean())))
    return centres, groups


def _plain_log_ticks(axes: Axes, trained: np.ndarray) -> None:
    ticks = [
        t for t in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000) if trained.min() / 2 <= t <= trained.max() * 2
    ]
    axes.set_xlim(trained.min() / 1.25, trained.max() * 1.25)
    axes.xaxis.set_major_locator(matplotlib.ticker.FixedLocator(ticks))
    axes.xaxis.set_major_formatter(matplotlib.ticker.FixedFormatter([str(tick) for tick in ticks]))
    axes.xaxis.set_minor_locator(matplotlib.ticker.NullLocator())


def common_gain(pictures: Pictures) -> int:
    """By how much perturbations can be magnified, all alike, with hardly any (2 %) of their values cut."""
    changes = np.concatenate([np.abs(attacked - clean).ravel() for clean, attacked in pictures.values()])
    largest = float(np.quantile(changes[changes > 0], 0.98)) if (changes > 0).any() else 0.5
    return max([gain for gain in _GAINS if gain * largest <= 0.5], default=1)


def magnified(clean: np.ndarray, attacked: np.ndarray, gain: float) -> np.ndarray:
    """The perturbation, `gain` times, about middle grey: float32 (3, H, W) in [0, 1]."""
    return np.clip(0.5 + gain * (attacked - clean), 0.0, 1.0)


def gallery_figure(
    pictures: Pictures, rows: pd.DataFrame, summary: Mapping[str, Any], theme: Theme = LIGHT
) -> Figure:
    """A row a picture: clean, its perturbation magnified, attacked; with predicted names and margins."""
    gain = common_gain(pictures)
    by_file = rows.set_index("file")
    figure, grid = new_axes(theme, 6.0, 2.3 * len(pictures), columns=3, rows=len(pictures))
    mark(figure, [summary], theme)
    for axes, (file, (clean, attacked)) in zip(grid, pictures.items(), strict=True):
        row = by_file.loc[file]
        images = (clean, magnified(clean, attacked, gain), attacked)
        titles = (
            prediction(row, "clean"),
            f"perturbation, magnified {gain} x",
            prediction(row, "attacked"),
        )
        for one, image, title in zip(axes, images, titles, strict=True):
            one.imshow(np.clip(image.transpose(1, 2, 0), 0, 1), interpolation="nearest")
            one.set_title(title, fontsize=8, color=theme.ink, parse_math=False)
            one.set_xticks([])
            one.set_yticks([])
            one.spines[:].set_visible(False)
        axes[0].set_ylabel(str(row["identity"]), fontsize=8, parse_math=False)
    return figure


def prediction(row: pd.Series, version: str) -> str:
    """Two lines, "Tony Blair" and "(right, margin +0.31)": who the recogniser named, and whether rightly."""
    sign = "right" if row[f"correct_{version}"] else "wrong"
    margin = row[f"margin_{version}"]
    shown = f"{margin:+.2f}" if np.isfinite(margin) else NOTHING
    return f"{row[f'predicted_{version}']}\n({sign}, margin {shown})"


def figure_bytes(figure: Figure, kind: str, transparent: bool = False) -> bytes:
    """The figure as a "png" or "svg" file, the same bytes for the same figure."""
    buffer = io.BytesIO()
    metadata = {"Date": None} if kind == "svg" else {"Software": None}
    with matplotlib.rc_context({"svg.hashsalt": "facetrial", "svg.fonttype": "path", "hatch.linewidth": 0.6}):
        figure.savefig(buffer, format=kind, dpi=150, transparent=transparent, metadata=metadata)
    return buffer.getvalue()


def save_figure(figure: Figure, path: str | Path) -> None:
    """Writes the figure, whole, in the format of the path's suffix."""
    content = figure_bytes(figure, Path(path).suffix.removeprefix("."))
    with written_whole(path) as temporary:
        temporary.write_bytes(content)
