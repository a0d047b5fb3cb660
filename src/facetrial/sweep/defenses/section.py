"""The table of defences on a page, and as a figure."""

from facetrial.metrics.flagging import FLAGS_COUNT, LEFT
from facetrial.report.rendering.chart_layout import TONES
from facetrial.report.rendering.components import Cell as Shown
from facetrial.report.rendering.components import Chart, Section, Series, Table
from facetrial.report.rendering.formatting import percent
from facetrial.statistics.intervals import Interval
from facetrial.sweep.defenses.table import DefenseTable
from facetrial.sweep.runs import flags


def headed(title: str) -> str:
    """The heading of the table with that title."""
    return f"Defences: {title}" if title else "Defences"


def defenses_section(table: DefenseTable, name: str = "defenses", title: str = "") -> Section:
    """The table and its figure, for a page; `name` and `title` as for `write_defense_table`."""
    note = ["Share of pictures recognised under attacks that know the defence."]
    if table.has_naive:
        note.append(
            "Naive: under the same attack when it does not. The difference is what the defence hides."
        )
    if flags(table.summaries):
        note.append(FLAGS_COUNT)
    note.append("Lost: clean accuracy beside the recogniser without defence.")
    note.append(
        "Whether a defence differs from none is not told by two intervals, but by the comparisons, picture by picture."
    )
    return Section(
        headed(title),
        note=" ".join(note),
        charts=[defenses_chart(table, name, title)],
        tables=[Table(headed(title), table.header, table_lines(table))],
    )


def table_lines(table: DefenseTable) -> list[list[Shown]]:
    """A line a defence: clean accuracy, what of it is lost, what is left under each attack, and costs."""
    lines: list[list[Shown]] = []
    for defense in table.rows:
        lost = table.lost(defense)
        lines.append(
            [
                defense,
                table.of_defense[defense].clean_kept,
                None if lost is None else round(100 * lost, 1),
                *table.shown(defense, naive),
                *table.costs(defense).values(),
            ]
        )
    return lines


def naive(beside: Interval) -> str:
    """What is said of a figure under an attack that does not know the defence."""
    return f"naive {percent(beside.value)}"


def defenses_chart(table: DefenseTable, name: str = "defenses", title: str = "") -> Chart:
    """What is left of each defence, a mark an attack; hollow where the attack does not know the defence."""
    clean = [table.of_defense[defense].clean_kept for defense in table.rows]
    tones = [tone for tone in TONES if tone not in ("clean", "muted")]
    hollow = " Filled: the attack knows the defence. Hollow: it does not."
    return Chart(
        name,
        f"Dot plot of the table below with 95 % intervals{', ' + title if title else ''}.",
        f"Whiskers: 95 % intervals.{hollow if table.has_naive else ''}",
        title,
        LEFT if flags(table.summaries) else "recognised",
        [
            Series.of("clean", table.rows, clean, tone="clean"),
            *(
                series
                for number, attack in enumerate(table.columns)
                for series in table.dots(attack, tones[number % len(tones)])
            ),
        ],
    )
