"""Tables as text: Markdown and CSV."""

import csv
import io
import math
import re
from collections.abc import Mapping, Sequence
from typing import TypedDict

from facetrial.core.errors import visible
from facetrial.report.rendering.chart_layout import in_words
from facetrial.report.rendering.components import Cell, Noted, Points
from facetrial.report.rendering.formatting import NOTHING, interval, points
from facetrial.runtime.csv_cells import as_cell
from facetrial.statistics.intervals import Interval

_MARKUP = re.compile("<(?=[a-zA-Z/!?])")
CsvCell = str | float | None


def markdown_table(header: Sequence[str], rows: Sequence[Sequence[Cell]]) -> str:
    """A Markdown table, first column to the left, the rest to the right; pipes, line ends and markup are escaped."""
    lines = [header, [":--", *["--:"] * (len(header) - 1)], *rows]
    shown = [[shown_cell(cell) for cell in line] for line in lines]
    texts = [[f"{c['text']} ({c['below']})" if c["below"] else c["text"] for c in line] for line in shown]
    cells = [
        [_MARKUP.sub("&lt;", visible(text)).replace("|", "\\|").replace("\n", " ") for text in line]
        for line in texts
    ]
    return "".join("| " + " | ".join(line) + " |\n" for line in cells)


def csv_table(lines: Sequence[Mapping[str, CsvCell]]) -> str:
    """A CSV table of lines, one at least, with the same keys; what was not measured is an empty cell.

    A text that a spreadsheet would run as a formula has a quote before it.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(map(as_cell, lines[0]))
    for line in lines:
        writer.writerow("" if isinstance(c, float) and math.isnan(c) else as_cell(c) for c in line.values())
    return text.getvalue()


class ShownCell(TypedDict):
    """What a cell says, what stands below it, and what it is sorted by: "" comes last."""

    text: str
    below: str
    sort: str | float


def shown_cell(value: Cell) -> ShownCell:
    """A cell as tables show it."""
    if isinstance(value, str):
        return {"text": value, "below": "", "sort": "" if value == NOTHING else value}
    if isinstance(value, Points):
        return _shown_difference(value.difference)
    figure, below = (value.figure, [value.note]) if isinstance(value, Noted) else (value, [])
    if isinstance(figure, Interval):
        known = [] if math.isnan(figure.value) else [interval(figure)]
        below = [*known, f"n = {figure.n}", *below]
        text, figure = in_words(figure.value, True), figure.value
    else:
        text = str(figure) if isinstance(figure, int) else in_words(figure, False)
    sort = figure if figure is not None and math.isfinite(figure) else ""
    return {"text": text, "below": ", ".join(below), "sort": sort}


def _shown_difference(difference: Interval) -> ShownCell:
    """A difference of shares in points: its sign, and below it the interval."""
    if math.isnan(difference.value):
        return {"text": NOTHING, "below": "", "sort": ""}
    low, high = points(difference.low), points(difference.high)
    return {
        "text": f"{points(difference.value)} points",
        "below": f"{low} to {high}, n = {difference.n}",
        "sort": difference.value,
    }
