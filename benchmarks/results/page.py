"""docs/results.md, made of docs/results/*.json alone."""

import math
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.results.figures import ODDS, POINTS, SHARE, Figure
from benchmarks.results.plan import COMMITS, HEAD, TABLES, Table
from facetrial.core.plain import from_plain, read_json
from facetrial.report.rendering.formatting import NOTHING, percent, points
from facetrial.report.rendering.text_tables import markdown_table
from facetrial.statistics.paired import holm

LEVEL, WIDTH = 0.05, 120


@dataclass(frozen=True)
class Results:
    """What a table's file holds.

    Attributes:
        code: a name for what the code does that made it.
        weights: the beginning of the SHA-256 of each file of weights, by its name in the commands.
        drawn: whether the faces are drawn.
        commands: of its sweeps.
        figures: by row, then by column, in order.
    """

    code: str
    weights: Mapping[str, str]
    drawn: bool
    commands: tuple[str, ...]
    figures: tuple[Figure, ...]


def read_results(folder: Path) -> dict[str, Results]:
    """The tables that are there, by name, in the page's order."""
    files = {name: folder / f"{name}.json" for name in TABLES}
    return {
        name: from_plain(Results, read_json(file), file) for name, file in files.items() if file.is_file()
    }


def page(found: Mapping[str, Results]) -> str:
    """The page of these tables; what else is planned is named at its end."""
    missing = [table.title for name, table in TABLES.items() if name not in found]
    end = [wrapped(f"Not measured yet: {'; '.join(missing)}.") + "\n"] if missing else []
    return "\n".join([HEAD, *(_section(TABLES[name], results) for name, results in found.items()), *end])


def _section(table: Table, results: Results) -> str:
    failed = sorted({check for one in results.figures for check in one.failed})
    weights = "".join(f"; {name} {digest}" for name, digest in results.weights.items())
    commit = f" (commit {COMMITS[results.code]})" if results.code in COMMITS else ""
    parts = [
        f"## {table.title}",
        *(["**Drawn faces: these figures say nothing of real ones.**"] if results.drawn else []),
        wrapped(table.text),
        _table(results.figures),
        *([f"† A check did not pass: {', '.join(failed)}."] if failed else []),
        "\n".join(wrapped(f"- {sentence}", "  ") for sentence in sentences(table, results.figures)),
        "\n".join(["```text", *results.commands, "```"]),
        f"Code {results.code}{commit}{weights}.",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def wrapped(text: str, indent: str = "") -> str:
    """A text in lines as the project's pages have them; `indent` stands before all but the first."""
    return textwrap.fill(
        text, WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )


def _table(figures: Sequence[Figure]) -> str:
    rows, columns = (
        list(dict.fromkeys(getattr(one, place) for one in figures)) for place in ("row", "column")
    )
    of = {(one.row, one.column): one for one in figures}
    lines = []
    for row in rows:
        own = [of.get((row, column)) for column in columns]
        most = max(one.n for one in own if one)
        cells = [
            NOTHING if one is None else cell(one) + (f", n {one.n:,}" if one.n < most else "") for one in own
        ]
        people = sorted({one.people for one in own if one})
        lines.append([row, *cells, f"{most:,}", ", ".join(f"{count:,}" for count in people)])
    return markdown_table(["", *columns, "n", "people"], lines).rstrip()


def cell(figure: Figure) -> str:
    """ "98.9 [97.9, 99.6]"."""
    value, low, high = (_number(one, figure.unit) for one in (figure.value, figure.low, figure.high))
    ends = "" if math.isnan(figure.low) and math.isnan(figure.high) else f" [{low}, {high}]"
    return f"{value}{ends}{' †' if figure.failed else ''}"


def _number(value: float, unit: str) -> str:
    if math.isnan(value):
        return NOTHING
    if unit == SHARE:
        return percent(value).removesuffix(" %")
    return points(value) if unit == POINTS else f"{value:.2f}"


def sentences(table: Table, figures: Sequence[Figure]) -> Iterator[str]:
    """What the table's differences allow to say, and no more."""
    corrected = holm([math.nan if one.p is None else one.p for one in figures])
    for column, claims in table.claims.items():
        rows: dict[str, list[str]] = {claim: [] for claim in claims}
        for one, p in ((one, p) for one, p in zip(figures, corrected, strict=True) if one.column == column):
            nothing = 1.0 if one.unit == ODDS else 0.0
            shown = not one.low <= nothing <= one.high and not p >= LEVEL  # NaN where there is no p
            claim = claims[2] if not shown else claims[0] if one.value < nothing else claims[1]
            rows[claim].append(one.row)
        yield from (f"{claim}: {'; '.join(where)}." for claim, where in rows.items() if where)
