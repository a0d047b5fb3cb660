"""What a page shows of sections, and the files beside it: PNG and SVG of each chart, PNG of each drawing."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from facetrial.core.files import written_whole
from facetrial.metrics.summary import TrialSummary
from facetrial.report.rendering.chart_layout import told_of
from facetrial.report.rendering.chart_matplotlib import save_chart
from facetrial.report.rendering.chart_plotly import plotly_chart
from facetrial.report.rendering.components import Chart, Drawing, Section, Table
from facetrial.report.rendering.formatting import NOTHING
from facetrial.report.rendering.html import data_address, png
from facetrial.report.rendering.text_tables import shown_cell

_MOST_LINES_UNDER_A_CHART = 60


def show_sections(
    sections: Sequence[Section], folder: Path, summaries: Sequence[TrialSummary]
) -> list[dict[str, Any]]:
    """Writes the files of all charts and drawings into `folder`.

    Args:
        sections: in the order of the page.
        folder: of the page.
        summaries: of the trials that they are of: what must be known of these stands on every file.

    Returns:
        What the template shows of each.
    """
    return [
        {
            "title": section.title,
            "sentences": section.sentences,
            "note": section.note,
            "charts": [show_chart(chart, folder, summaries) for chart in section.charts],
            "tables": [show_table(table) for table in section.tables],
            "drawings": [show_drawing(drawing, folder) for drawing in section.drawings],
        }
        for section in sections
    ]


def show_chart(chart: Chart, folder: Path, summaries: Sequence[TrialSummary]) -> dict[str, Any]:
    """Writes a chart's PNG and SVG; what the template shows of it: texts, plotly's values, and its figures in words."""
    save_chart(chart, folder, summaries)
    plotly = plotly_chart(chart)
    told = [text for series in chart.series for text in told_of(chart, series)]
    return {
        "name": chart.name,
        "alt": chart.alt,
        "caption": chart.caption,
        "plotly": plotly,
        "height": plotly["layout"]["height"],
        "told": told if len(told) <= _MOST_LINES_UNDER_A_CHART else [],
    }


def show_drawing(drawing: Drawing, folder: Path) -> dict[str, Any]:
    """Writes a drawing's PNG; what the template shows of it."""
    content = png(drawing.pixels)
    with written_whole(folder / f"{drawing.name}.png") as temporary:
        temporary.write_bytes(content)
    _, height, width = drawing.pixels.shape
    address = data_address(content, "image/png")
    about = {"alt": drawing.alt, "caption": drawing.caption, "address": address}
    return about | {"width": width, "height": height}


def show_table(table: Table) -> dict[str, Any]:
    """A table's cells as texts, with what they are sorted by; a column without a word in it is one of numbers."""
    lines = [[shown_cell(value) for value in line] for line in table.lines]
    header = []
    for column, title in enumerate(table.header):
        values = [line[column] for line in table.lines]
        words = any(isinstance(value, str) and value not in ("", NOTHING) for value in values)
        header.append({"title": title, "numeric": bool(values) and not words})
    return {"title": table.title, "header": header, "lines": lines}
