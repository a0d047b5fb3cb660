"""What a report is made of: sections of sentences, charts, tables and pictures, as plain values.

A section is made from summaries alone, so that a report can be made again from what lies on disk; how it is drawn,
on a page or as a file, is the report's business.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, Self

import numpy as np

from facetrial.core.errors import FacetrialError
from facetrial.statistics.intervals import Interval


class Figure(Protocol):
    """A value with its interval."""

    @property
    def value(self) -> float: ...
    @property
    def low(self) -> float: ...
    @property
    def high(self) -> float: ...


@dataclass(frozen=True)
class Series:
    """What a chart shows of one kind. A value that is None or NaN was not measured and is left out.

    Attributes:
        name: in the legend; "" leaves it out of the legend.
        x: numbers, or names for an axis of categories.
        y: numbers.
        low: lower ends of the 95 % intervals; None shows none.
        high: upper ends.
        labels: what a reader is told of each point; None tells the values.
        line: whether points are joined.
        points: whether points are marked.
        band: whether intervals are a band instead of whiskers.
        bars: whether values stand as bars from zero.
        hollow: whether marks are hollow: the same thing, otherwise found.
        sizes: how much each mark stands for, as its area; None draws all alike.
        tone: a colour of the project's palette: "clean", "attacked", "eight_bit", "fourth" to "seventh", "ink" or
            "muted"; None takes the next. Series of one tone share colour, mark and place beside one another.
    """

    name: str
    x: Sequence[float | str]
    y: Sequence[float | None]
    low: Sequence[float | None] | None = None
    high: Sequence[float | None] | None = None
    labels: Sequence[str] | None = None
    line: bool = False
    points: bool = True
    band: bool = False
    bars: bool = False
    hollow: bool = False
    sizes: Sequence[float] | None = None
    tone: str | None = None

    @classmethod
    def of(cls, name: str, x: Sequence[float | str], figures: Sequence[Figure], **options: Any) -> Self:
        """Figures with their intervals; `options` are further attributes."""
        y, low, high = ([getattr(figure, part) for figure in figures] for part in ("value", "low", "high"))
        return cls(name, x, y, low, high, **options)

    def __post_init__(self) -> None:
        for name in ("y", "low", "high", "labels", "sizes"):
            values = getattr(self, name)
            if values is not None and len(values) != len(self.x):
                raise FacetrialError(
                    f"series {self.name!r}: expected {len(self.x)} of {name}, as of x, found {len(values)}."
                )


@dataclass(frozen=True)
class Chart:
    """One pair of axes.

    Attributes:
        name: of its files, without an ending.
        alt: what it shows, for who cannot see it.
        caption: what stands below it.
        series: drawn in order.
        percent: whether y is a share, shown in per cent from 0 to 100.
        to_largest: whether an axis of shares ends at the largest of them, for shares that are all small.
        percent_x: whether x is.
        log_x: whether x is logarithmic; then all x must be above 0.
        level: y of a line across, such as what chance gives; None draws none.
        level_name: what it is, in the legend.
        mark: x of a line from bottom to top, such as a median; None draws none.
        mark_name: what it is, in the legend.
        sideways: whether categories stand below one another and values run to the right, for many or long names.
    """

    name: str
    alt: str
    caption: str
    x_title: str
    y_title: str
    series: Sequence[Series]
    percent: bool = True
    to_largest: bool = False
    percent_x: bool = False
    log_x: bool = False
    level: float | None = None
    level_name: str = ""
    mark: float | None = None
    mark_name: str = ""
    sideways: bool = False

    def __post_init__(self) -> None:
        if not self.log_x:
            return
        for series in self.series:
            if any(isinstance(x, str) or not x > 0 for x in series.x):
                raise FacetrialError(
                    f"chart {self.name}: a logarithmic axis needs numbers above 0, found {list(series.x)[:9]}."
                )


@dataclass(frozen=True)
class Noted:
    """A figure of a table, or none, with a few words below it."""

    figure: Interval | None
    note: str


@dataclass(frozen=True)
class Points:
    """A difference of two shares, shown in points with its interval."""

    difference: Interval


Cell = str | float | Interval | Noted | Points | None


@dataclass(frozen=True)
class Table:
    """A table of texts, numbers and figures.

    Attributes:
        title: for who cannot see it, and above it where a section has several.
        header: a title a column.
        lines: cells: a text; a number; or a figure, shown with its interval and its number of pictures.
    """

    title: str
    header: Sequence[str]
    lines: Sequence[Sequence[Cell]]


@dataclass(frozen=True)
class Drawing:
    """A picture that is no chart, such as a map on a face.

    Attributes:
        name: of its file, without an ending.
        pixels: float (3, H, W) in [0, 1].
    """

    name: str
    alt: str
    caption: str
    pixels: np.ndarray


@dataclass(frozen=True)
class Section:
    """A part of a report under one heading.

    Attributes:
        title: the heading.
        sentences: what is found, in words, first.
        note: how to read it.
    """

    title: str
    sentences: Sequence[str] = ()
    note: str = ""
    charts: Sequence[Chart] = field(default=())
    tables: Sequence[Table] = field(default=())
    drawings: Sequence[Drawing] = field(default=())
