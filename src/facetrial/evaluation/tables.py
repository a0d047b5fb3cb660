"""Tables: a finished trial on the console, and the same figures as Markdown or CSV."""

import csv
import io
import math
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

FIGURES = {
    "clean_accuracy": "accuracy, clean",
    "robust_accuracy": "accuracy, attacked",
    "robust_accuracy_8bit": "accuracy, attacked and saved in 8 bits",
    "attack_success": "attack success",
}
NOTHING = "–"  # noqa: RUF001
SHOWN_PEOPLE = 5


def percent(value: float | None, digits: int = 1) -> str:
    """0.1234 -> "12.3 %"; nothing measured -> a dash. What isn't all or nothing is never rounded to it."""
    if _unknown(value):
        return NOTHING
    smallest = 0.5 * 10 ** -(digits + 2)
    if 0 < value < smallest:
        return f"< {10**-digits:.{digits}f} %"
    if 1 - smallest < value < 1:
        return f"> {100 - 10**-digits:.{digits}f} %"
    return f"{100 * value:.{digits}f} %"


def rate_in_words(rate: float) -> str:
    """A wanted rate as people say it: 0.01 -> "1 %", 0.0001 -> "0.01 %"."""
    return f"{100 * rate:.2g} %"


def interval(figure: Mapping[str, Any], digits: int = 1) -> str:
    """{low: 0.1, high: 0.2} -> "10.0 to 20.0 %"."""
    if _unknown(figure["value"]):
        return NOTHING
    return f"{100 * figure['low']:.{digits}f} to {100 * figure['high']:.{digits}f} %"


def points(difference: float) -> str:
    """-0.1234 -> "-12.3"."""
    return f"{100 * difference:+.1f}"


def _unknown(value: float | None) -> bool:
    return value is None or math.isnan(value)


def ranked_people(summary: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    """People who could be attacked, the least recognised under attack first, then by number of pictures."""
    people = [(n, p) for n, p in summary["per_identity"].items() if not _unknown(p["robust"]["value"])]
    return sorted(people, key=lambda item: (item[1]["robust"]["value"], -item[1]["robust"]["n"], item[0]))


def console_tables(summary: Mapping[str, Any]) -> list[Table]:
    """The figures of a trial, and its least and most recognised people, as rich tables."""
    title = (
        f"{summary['attack']} against {summary['embedder']}, defence {summary['defense']}, {summary['data']}"
    )
    figures = Table(title=escape(title), caption=escape(caption(summary)), title_justify="left")
    for name, justify in (("", "left"), ("value", "right"), ("95 % interval", "right"), ("n", "right")):
        figures.add_column(name, justify=justify)
    for key, label in FIGURES.items():
        figure = summary[key]
        figures.add_row(label, percent(figure["value"]), interval(figure), str(figure["n"]))

    ranked = ranked_people(summary)
    worst, rest = ranked[:SHOWN_PEOPLE], ranked[SHOWN_PEOPLE:]
    people = Table(title="Least and most recognised under attack", title_justify="left")
    for name in ("person", "trained on", "tested on", "clean", "attacked", "95 % interval"):
        people.add_column(name, justify="left" if name == "person" else "right")
    for group in (worst, rest[-SHOWN_PEOPLE:]):
        for name, person in group:
            people.add_row(
                escape(name),
                str(person["n_train"]),
                str(person["robust"]["n"]),
                percent(person["clean"]["value"], 0),
                percent(person["robust"]["value"], 0),
                interval(person["robust"], 0),
            )
        people.add_section()
    return [figures, people] if ranked else [figures]


def caption(summary: Mapping[str, Any]) -> str:
    """What a reader of the figures must know: synthetic faces, a quick look, what is left, failed checks."""
    notes = []
    if summary["synthetic"]:
        notes.append("synthetic faces")
    if summary["limit"] is not None:
        notes.append(f"a quick look at {summary['n']} pictures (data.limit={summary['limit']})")
    if summary["not_attackable"]:
        notes.append(f"{summary['not_attackable']} not attackable and left out")
    if summary["not_reached"]:
        notes.append(f"{summary['not_reached']} below the budget")
    failed = [name for name, check in summary["checks"].items() if not check["passed"]]
    if failed:
        notes.append(f"NOT TRUSTED, failed: {', '.join(failed)}")
    else:
        notes.append("all checks passed" if summary["checks"] else "NOT TRUSTED, no check was run")
    return "; ".join(notes)


def print_summary(summary: Mapping[str, Any], console: Console | None = None) -> None:
    """Prints a finished trial."""
    console = console or Console()
    for table in console_tables(summary):
        console.print(table)


def markdown_table(header: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """A Markdown table, first column to the left, the rest to the right; pipes and line ends are escaped."""
    lines = [header, [":--", *["--:"] * (len(header) - 1)], *rows]
    cells = [[str(c).replace("|", "\\|").replace("\n", " ") for c in line] for line in lines]
    return "".join("| " + " | ".join(line) + " |\n" for line in cells)


def csv_table(header: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """A CSV table; what was not measured is an empty cell."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows([["" if isinstance(c, float) and math.isnan(c) else c for c in row] for row in rows])
    return text.getvalue()
