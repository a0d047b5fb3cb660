"""Where a chart's series stand, and in which tone: the same for the page and for files."""

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from facetrial.report.rendering.components import Chart, Series
from facetrial.report.rendering.formatting import NOTHING, percent

NOTHING_MEASURED = "nothing was measured"
TONES = ("clean", "attacked", "eight_bit", "fourth", "fifth", "sixth", "seventh", "ink", "muted")
_SLOTS_SHARE = 0.72  # of the room of a category that series standing beside one another take
_FEW_ENOUGH_FOR_OWN_TICKS = 9
_CROWD = 20  # points from which whiskers step back


@dataclass(frozen=True)
class Placed:
    """The points of a series that were measured, with numbers for places.

    Attributes:
        series: what is drawn.
        tone: its colour's name in `TONES`.
        number: which mark it has; the same for series of one tone.
        x: places on the axis, in the series' order.
        y: values.
        low: lower ends of intervals, at the value where it has none; or None for all.
        high: upper ends.
        sizes: how much each mark stands for; or None for all.
        told: what a reader is told of each point.
        words: its value.
        width: of a bar.
    """

    series: Series
    tone: str
    number: int
    x: list[float]
    y: list[float]
    low: list[float] | None
    high: list[float] | None
    sizes: list[float] | None
    told: list[str]
    words: list[str]
    width: float

    @property
    def crowded(self) -> bool:
        """Whether there are so many points that whiskers step back."""
        return len(self.x) > _CROWD and not self.series.line

    def top(self, i: int) -> float:
        """Where the point, with its interval, ends."""
        return self.y[i] if self.high is None else max(self.high[i], self.y[i])


@dataclass(frozen=True)
class Layout:
    """A chart, placed.

    Attributes:
        placed: the series, in order.
        categories: names on the x axis, at 0, 1, 2 ...; empty for an axis of numbers.
        ticks: where a logarithmic axis has ticks; empty for other axes.
        percent_range: from where to where an axis of shares goes.
        level: y of the line across, where it is known.
        mark: x of the line from bottom to top, where it is known.
    """

    placed: list[Placed]
    categories: list[str]
    ticks: list[float]
    percent_range: tuple[float, float]
    level: float | None
    mark: float | None

    @property
    def empty(self) -> bool:
        """Whether nothing at all was measured."""
        return not any(placed.y for placed in self.placed)


def lay_out(chart: Chart) -> Layout:
    """Places a chart's series; on an axis of categories those of different tones stand beside one another."""
    categories = list(dict.fromkeys(x for series in chart.series for x in series.x if isinstance(x, str)))
    tones = _tones(chart.series)
    numbers = {tone: number for number, tone in enumerate(dict.fromkeys(tones))}
    slots = _slots(chart, len(numbers)) if categories else 1
    placed = [
        _place(chart, series, tone, numbers[tone], slots, categories)
        for series, tone in zip(chart.series, tones, strict=True)
    ]
    numeric = [float(x) for series in chart.series for x in series.x if not isinstance(x, str)]
    ticks = log_ticks(numeric) if chart.log_x and numeric else []
    bars = any(series.bars for series in chart.series)
    share_range = (0.0, 1.15) if bars else (-0.03, 1.05)
    tops = [one.top(i) for one in placed for i in range(len(one.y))] if chart.to_largest else []
    largest = max(tops, default=1.0) or 1.0
    ends = share_range[0] * largest, share_range[1] * largest
    return Layout(placed, categories, ticks, ends, _measured(chart.level), _measured(chart.mark))


def _slots(chart: Chart, tones: int) -> int:
    """How many series share the room of a category, side by side."""
    if any(series.line for series in chart.series):
        return 1
    # One colour for bars of different categories says nothing; a series with one bar has its category to itself.
    alone = all(series.bars and len(series.x) == 1 for series in chart.series)
    return 1 if alone else tones


def _place(
    chart: Chart, series: Series, tone: str, number: int, slots: int, categories: Sequence[str]
) -> Placed:
    """The points of a series that were measured; `number` says which of `slots` is its."""
    width = _SLOTS_SHARE / slots
    slot = (number - (slots - 1) / 2) * width if slots > 1 else 0.0
    aside = 0.25 * width if series.hollow and categories else 0.0
    y = {i: value for i, found in enumerate(series.y) if (value := _measured(found)) is not None}
    places = [series.x[i] for i in y]
    return Placed(
        series,
        tone,
        number,
        x=[categories.index(x) + slot + aside if isinstance(x, str) else float(x) for x in places],
        y=list(y.values()),
        low=_ends(series.low, y),
        high=_ends(series.high, y),
        sizes=None if series.sizes is None else [series.sizes[i] for i in y],
        told=[text for i, text in enumerate(told_of(chart, series)) if i in y],
        words=[in_words(value, chart.percent) for value in y.values()],
        width=0.86 * width,
    )


def log_ticks(values: Sequence[float]) -> list[float]:
    """Ticks of a logarithmic axis: the values themselves where they are few, else 1, 2, 5, 10 ... about them.

    Where fewer than two of these lie among the values, the least, the middle and the largest value.
    """
    own = sorted(set(values))
    apart = all(b / a >= 1.3 for a, b in itertools.pairwise(own))
    if len(own) <= _FEW_ENOUGH_FOR_OWN_TICKS and apart:
        return own
    decades = range(math.floor(math.log10(own[0])) - 1, math.ceil(math.log10(own[-1])) + 1)
    ticks = [digit * 10.0**decade for decade in decades for digit in (1, 2, 5)]
    if sum(own[0] <= tick <= own[-1] for tick in ticks) < 2:
        middle = min(own, key=lambda value: abs(math.log(value**2 / (own[0] * own[-1]))))
        return sorted({own[0], middle, own[-1]})
    return [tick for tick in ticks if own[0] / 1.25 <= tick <= own[-1] * 1.25]


def _tones(series: Sequence[Series]) -> list[str]:
    taken = {one.tone for one in series}
    free = [tone for tone in TONES if tone not in taken] or list(TONES)
    found, used = [], 0
    for one in series:
        found.append(one.tone or free[used % len(free)])
        used += one.tone is None
    return found


def _measured(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else float(value)


def _ends(ends: Sequence[float | None] | None, y: Mapping[int, float]) -> list[float] | None:
    if ends is None:
        return None
    return [value if (end := _measured(ends[i])) is None else end for i, value in y.items()]


def told_of(chart: Chart, series: Series) -> Sequence[str]:
    """What a reader is told of each point, those where nothing was measured too."""
    if series.labels is not None:
        return series.labels
    low, high = series.low or [None] * len(series.x), series.high or [None] * len(series.x)
    told = []
    for x, y, below, above in zip(series.x, series.y, low, high, strict=True):
        place = x if isinstance(x, str) else f"{chart.x_title} {in_words(x, chart.percent_x)}"
        text = f"{place}: {in_words(y, chart.percent)}"
        if below is not None and above is not None:
            text += f" (95 %: {in_words(below, chart.percent)} to {in_words(above, chart.percent)})"
        told.append(f"{series.name}, {text}" if series.name else text)
    return told


def in_words(value: float | None, share: bool) -> str:
    """A share as per cent, another number with three digits; a dash where nothing was measured.

    >>> in_words(24512.0, False), in_words(999.7, False), in_words(0.30291, False)
    ('24,500', '1,000', '0.303')
    """
    if share or value is None or not math.isfinite(value):
        return percent(value) if value is None or math.isfinite(value) else NOTHING
    shown = f"{value:.3g}"
    return f"{float(shown):,.0f}" if abs(float(shown)) >= 1000 else shown
