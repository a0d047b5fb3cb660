"""A finished trial on the console."""

import io

from rich.console import Console

from facetrial.metrics.parts import Outcome
from facetrial.report.console import as_text, print_summary
from facetrial.report.rendering.formatting import percent
from tests.helpers.made_up import about, made_up_rows, made_up_summary


def test_printed_summary_holds_figures_and_hostile_names_alike(checks):
    people = {"[red]Ann[/red]": 30, "Bob\x1b[2J": 20}
    rows = made_up_rows(people, attacked=0.5)
    rows.loc[0, "status"] = "not_attackable"
    summary = made_up_summary(rows, about(synthetic=True, limit=50), dict.fromkeys(people, 7), checks)
    console = Console(record=True, width=120, file=io.StringIO())
    print_summary(summary, console)
    text = console.export_text()
    for shown in (
        "[red]Ann[/red]",
        r"Bob\x1b[2J",
        percent(summary.robust_accuracy.value),
        "synthetic",
        "data.limit=50",
    ):
        assert shown in text
    assert "1 not attackable" in " ".join(text.split())
    assert "all checks passed" in text


def test_failed_check_is_printed(checks):
    checks["referee"] = Outcome(False, "out of budget")
    rows = made_up_rows({"Ann": 5}, attacked=0.5)
    console = Console(record=True, width=120, file=io.StringIO())
    print_summary(made_up_summary(rows, about(), {"Ann": 5}, checks), console)
    assert "NOT TRUSTED, failed: referee" in " ".join(console.export_text().split())


def test_as_text_it_is_the_same_without_colours(checks):
    rows = made_up_rows({"Ann": 5}, attacked=0.5)
    summary = made_up_summary(rows, about(), {"Ann": 5}, checks)
    printed = io.StringIO()
    print_summary(summary, Console(file=printed, width=90))
    assert as_text(summary, width=90) == printed.getvalue().rstrip()
    assert "\x1b" not in as_text(summary)
