"""A finished trial on the console."""

import io
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from facetrial.core.errors import visible
from facetrial.metrics.summary import TrialSummary
from facetrial.report.closing import closing_lines
from facetrial.report.rendering.formatting import FIGURES, interval, percent, ranked_people

SHOWN_PEOPLE = 5


def console_tables(summary: TrialSummary) -> list[Table]:
    """The figures of a trial, and its least and most recognised people, as rich tables."""
    title = f"{summary.attack} against {summary.embedder}, defence {summary.defense}, {summary.data}"
    over = summary.over_people if summary.over_people is not None and summary.over_people.people > 1 else None
    by_people = [] if over is None else ["mean over people", "95 % interval"]
    figures = _table(escape(title), "", "value", "95 % interval", "n", *by_people)
    figures.caption = escape(caption(summary))
    for key, label in FIGURES.items():
        figure = getattr(summary, key)
        own = [] if over is None else [percent(getattr(over, key).value), interval(getattr(over, key))]
        figures.add_row(label, percent(figure.value), interval(figure), str(figure.n), *own)

    ranked = ranked_people(summary)
    worst, rest = ranked[:SHOWN_PEOPLE], ranked[SHOWN_PEOPLE:]
    title = "Least and most recognised under attack"
    people = _table(title, "person", "trained on", "tested on", "clean", "attacked", "95 % interval")
    for group in (worst, rest[-SHOWN_PEOPLE:]):
        for name, person in group:
            people.add_row(
                escape(visible(name)),
                str(person.n_train),
                str(person.robust.n),
                percent(person.clean.value, 0),
                percent(person.robust.value, 0),
                interval(person.robust, 0),
            )
        people.add_section()
    return [figures, people] if ranked else [figures]


def _table(title: str, first: str, *others: str) -> Table:
    table = Table(first, title=title, title_justify="left")
    for name in others:
        table.add_column(name, justify="right")
    return table


def caption(summary: TrialSummary) -> str:
    """What a reader of the figures must know: synthetic faces, a quick look, what is left, failed checks."""
    notes = []
    over = summary.over_people
    if over is not None and over.people > 1:
        notes.append(
            f"{over.people} people, by their pictures worth {over.effective_people:.1f} of equal weight"
        )
    if summary.weak_on_purpose is not None:
        notes.append(f"weak on purpose ({summary.weak_on_purpose})")
    if summary.synthetic:
        notes.append("synthetic faces")
    if summary.limit is not None:
        notes.append(f"a quick look at {summary.n} pictures (data.limit={summary.limit})")
    if summary.left_out is not None:
        notes.append(f"{summary.left_out.n} pictures could not be used")
    if summary.not_attackable:
        notes.append(f"{summary.not_attackable} not attackable and left out")
    if summary.not_reached:
        notes.append(f"{summary.not_reached} below the budget")
    if summary.failed_checks:
        notes.append(f"NOT TRUSTED, failed: {', '.join(summary.failed_checks)}")
    else:
        notes.append("all checks passed" if summary.doubt is None else f"NOT TRUSTED, {summary.doubt}")
    return "; ".join(notes)


def as_text(summary: TrialSummary, width: int = 100) -> str:
    """What `print_summary` prints, so many letters wide, without colours."""
    text = io.StringIO()
    print_summary(summary, Console(file=text, width=width, color_system=None, force_jupyter=False))
    return text.getvalue().rstrip()


def print_summary(summary: TrialSummary, console: Console | None = None, folder: Path | None = None) -> None:
    """Prints a finished trial.

    Args:
        summary: of the trial.
        console: where; None is the terminal.
        folder: of the run, whose report is named, after what to try next; None: of many runs, nothing of the kind.
    """
    console = console or Console()
    for table in console_tables(summary):
        console.print(table)
    for line in () if folder is None else closing_lines(summary, folder):
        console.print(visible(line), markup=False, highlight=False, soft_wrap=True)
