"""What a report is made of: sections of sentences, charts, tables and pictures, as plain values.

A section is made from summaries alone, so that a report can be made again from what lies on disk; how it is drawn,
on a page or as a file, is the report's business.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Series:
    """What a chart shows of one kind.

    Attributes:
        name: in the legend; "" where the chart has one series only.
        x: numbers, or names for an axis of categories.
        y: numbers.
        low: lower ends of the 95 % intervals; None shows none.
        high: upper ends.
        labels: what a reader is told of each point; None tells the values.
        line: whether points are joined.
        points: whether points are marked.
        band: whether intervals are a band instead of whiskers.
    """

    name: str
    x: Sequence[float] | Sequence[str]
    y: Sequence[float]
    low: Sequence[float] | None = None
    high: Sequence[float] | None = None
    labels: Sequence[str] | None = None
    line: bool = False
    points: bool = True
    band: bool = False


@dataclass(frozen=True)
class Chart:
    """One pair of axes.

    Attributes:
        name: of its files, without an ending.
        alt: what it shows, for who cannot see it.
        caption: what stands below it.
        series: drawn in order.
        percent: whether y is a share, shown in per cent from 0 to 100.
        log_x: whether x is logarithmic.
        level: y of a line across, such as what chance gives; None draws none.
    """

    name: str
    alt: str
    caption: str
    x_title: str
    y_title: str
    series: Sequence[Series]
    percent: bool = True
    log_x: bool = False
    level: float | None = None


@dataclass(frozen=True)
class Table:
    """A table of texts, numbers and figures.

    Attributes:
        title: for who cannot see it, and above it where a section has several.
        header: a title a column.
        lines: cells: a text; a number; or a figure {value, low, high, n}, shown as a percentage with its interval.
        percent: whether figures are shares.
    """

    title: str
    header: Sequence[str]
    lines: Sequence[Sequence[str | float | Mapping[str, Any] | None]]
    percent: bool = True


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
