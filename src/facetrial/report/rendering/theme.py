"""What all charts share, on matplotlib's Agg without pyplot: nothing global is touched and nothing stays open.

Colours are Okabe and Ito's, which people with any colour vision tell apart; shape and place say the same again.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from facetrial.core.files import written_whole
from facetrial.metrics.summary import TrialSummary


@dataclass(frozen=True)
class Theme:
    """Colours, of charts in files and in a page."""

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


# Of each, the colour on light paper and on dark.
_COLOURS = {
    "ink": ("#1b1f24", "#e8eaed"),
    "muted": ("#9aa3ad", "#6f7882"),
    "paper": ("#ffffff", "#16191d"),
    "clean": ("#0072B2", "#56B4E9"),
    "attacked": ("#D55E00", "#E69F00"),
    "eight_bit": ("#009E73", "#2fbf94"),
    "fourth": ("#CC79A7", "#CC79A7"),
    "fifth": ("#E69F00", "#F0E442"),
    "sixth": ("#56B4E9", "#D55E00"),
    "seventh": ("#7d5a00", "#9db4c8"),
    "grid": ("#e4e8ec", "#262c33"),
    "faint": ("#d4d9de", "#343b43"),
}
LIGHT, DARK = (Theme(*colours) for colours in zip(*_COLOURS.values(), strict=True))


def new_axes(theme: Theme, width: float, height: float) -> tuple[Figure, Axes]:
    """A figure of that many inches and its axes, plain in the theme's colours."""
    figure, grid = new_grid(theme, width, height, 1, 1)
    return figure, grid[0, 0]


def new_grid(theme: Theme, width: float, height: float, columns: int, rows: int) -> tuple[Figure, np.ndarray]:
    """The same with axes in rows and columns, (rows, columns)."""
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
    return figure, axes


def mark(figure: Figure, summaries: Sequence[TrialSummary], theme: Theme) -> None:
    """Writes on the figure itself what a reader must know: synthetic faces, a quick look, a failed check."""
    notes = []
    if any(summary.synthetic for summary in summaries):
        notes.append("synthetic faces")
    if limits := sorted(summary.limit for summary in summaries if summary.limit is not None):
        notes.append(f"a quick look, data.limit={limits[0]}")
    if doubts := dict.fromkeys(summary.doubt for summary in summaries if summary.doubt is not None):
        notes.append(f"not trusted: {', '.join(doubts)}")
    elif any(summary.only_naive for summary in summaries):
        notes.append("naive: not trusted")
    if notes:
        figure.suptitle("; ".join(notes), x=0.99, ha="right", fontsize=8, style="italic", color=theme.ink)


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
