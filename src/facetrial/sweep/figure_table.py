"""Tables of figures, each maybe beside another one: as a chart, on a page and in files."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from facetrial.core.files import written_whole
from facetrial.metrics.summary import TrialSummary
from facetrial.report.rendering.chart_matplotlib import save_chart
from facetrial.report.rendering.components import Cell as Shown
from facetrial.report.rendering.components import Chart, Noted, Series
from facetrial.report.wording import banners
from facetrial.statistics.intervals import Interval


@dataclass(frozen=True)
class Cell:
    """A figure, None where it was not measured, and maybe one that stands beside it, hollow in charts.

    Attributes:
        doubted: whether a trial that either is of is not trusted.
    """

    figure: Interval | None
    beside: Interval | None = None
    doubted: bool = False


@dataclass(frozen=True)
class FigureTable:
    """Figures of trials by row and column.

    Attributes:
        rows: their names, in order.
        columns: their titles by key, in order.
        cells: by row and column's key; one may be missing.
        summaries: of the trials, one at least.
    """

    rows: Sequence[str]
    columns: Mapping[str, str]
    cells: Mapping[tuple[str, str], Cell]
    summaries: Sequence[TrialSummary]

    @property
    def about(self) -> TrialSummary:
        """One of the trials, for what all share."""
        return self.summaries[0]

    def shown(
        self, row: str, note: Callable[[Interval], str], keys: Sequence[str] | None = None
    ) -> list[Shown]:
        """The cells of a row as a table shows them, with a note of what stands beside a figure.

        Args:
            row: its name.
            note: what is said of the figure beside.
            keys: of the columns; all by default.
        """
        shown: list[Shown] = []
        for key in keys or self.columns:
            cell = self.cells.get((row, key), Cell(None))
            notes = [note(cell.beside)] if cell.beside is not None else []
            notes += ["not trusted"] if cell.doubted else []
            shown.append(Noted(cell.figure, ", ".join(notes)) if notes else cell.figure)
        return shown

    def dots(self, key: str, tone: str, places: Mapping[str, str] | None = None) -> list[Series]:
        """A column as points with intervals, and the figures beside them as hollow ones.

        Args:
            key: of the column.
            tone: its colour.
            places: what the rows are called in the chart.
        """
        names = places or {row: row for row in self.rows}
        cells = {names[row]: cell for row in self.rows if (cell := self.cells.get((row, key))) is not None}
        known = {name: cell.figure for name, cell in cells.items() if cell.figure is not None}
        beside = {name: cell.beside.value for name, cell in cells.items() if cell.beside is not None}
        filled = Series.of(self.columns[key], list(known), list(known.values()), tone=tone)
        hollow = Series("", list(beside), list(beside.values()), hollow=True, tone=tone)
        return [filled, hollow] if beside else [filled]

    def document(self, heading: str, parts: Sequence[str]) -> str:
        """A page of Markdown: what must be known of any trial stands before all parts, each said once."""
        said = dict.fromkeys(banner for summary in self.summaries for banner in banners(summary))
        return "\n".join([f"# {heading}\n", *(f"> **{banner}**\n" for banner in said), *parts])

    def write(self, folder: Path, texts: Mapping[str, str], chart: Chart) -> list[Path]:
        """Writes texts by their files' names, and the chart as PNG and SVG."""
        for file, text in texts.items():
            with written_whole(folder / file) as temporary:
                temporary.write_text(text, encoding="utf-8")
        return [folder / file for file in texts] + save_chart(chart, folder, self.summaries)
