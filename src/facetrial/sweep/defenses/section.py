"""The table of defences on a page, and as a figure."""

from collections.abc import Mapping, Sequence
from typing import Any

from facetrial.metrics.flagging import FLAGS_COUNT, LEFT, clean_kept
from facetrial.report.rendering.chart_layout import TONES
from facetrial.report.rendering.components import Chart, Section, Series, Table
from facetrial.report.rendering.formatting import percent
from facetrial.sweep.defenses.table import Cell, DefenseTable


def headed(title: str) -> str:
    """The heading of the table with that title."""
    return f"Defences: {title}" if title else "Defences"


def defenses_section(table: DefenseTable, name: str = "defenses", title: str = "") -> Section:
    """The table and its figure, for a page; `name` and `title` as for `write_defense_table`."""
    lines = []
    for defense in table.defenses:
        lost, cost = table.lost(defense), table.summaries[defense].get("cost") or {}
        cells = [table.cells.get((defense, attack)) for attack in table.attacks]
        lines.append(
            [
                defense,
                clean_kept(table.summaries[defense]),
                None if lost is None else round(100 * lost, 1),
                *(None if cell is None else _noted(cell) for cell in cells),
                cost.get("train_seconds"),
                cost.get("answers_per_second"),
            ]
        )
    note = ["Share of pictures recognised under attacks that know the defence."]
    if table.has_naive:
        note.append(
            "Naive: under the same attack when it does not. The difference is what the defence hides."
        )
    if table.flags:
        note.append(FLAGS_COUNT)
    note.append("Lost: clean accuracy beside the recogniser without defence.")
    return Section(
        headed(title),
        note=" ".join(note),
        charts=[defenses_chart(table, name, title)],
        tables=[Table(headed(title), table.header, lines)],
    )


def _noted(cell: Cell) -> Mapping[str, Any]:
    unknown = {"value": None, "low": None, "high": None}
    note = {} if cell.naive is None else {"note": f"naive {percent(cell.naive['value'])}"}
    return {**(cell.adaptive or unknown), **note}


def defenses_chart(table: DefenseTable, name: str = "defenses", title: str = "") -> Chart:
    """What is left of each defence, a mark an attack; hollow where the attack does not know the defence."""
    clean = [clean_kept(table.summaries[defense]) for defense in table.defenses]
    series = [_dots("clean", table.defenses, clean, "clean")]
    tones = [tone for tone in TONES if tone not in ("clean", "muted")]
    for number, attack in enumerate(table.attacks):
        tone = tones[number % len(tones)]
        cells = [
            cell for defense in table.defenses if (cell := table.cells.get((defense, attack))) is not None
        ]
        known = [cell for cell in cells if cell.adaptive is not None]
        series.append(_dots(attack, [c.defense for c in known], [c.adaptive for c in known], tone))
        naive = [cell for cell in cells if cell.naive is not None]
        if naive:
            places, values = [cell.defense for cell in naive], [cell.naive["value"] for cell in naive]
            series.append(Series("", places, values, hollow=True, tone=tone))
    hollow = " Filled: the attack knows the defence. Hollow: it does not."
    return Chart(
        name,
        f"Dot plot of the table below with 95 % intervals{', ' + title if title else ''}.",
        f"Whiskers: 95 % intervals.{hollow if table.has_naive else ''}",
        title,
        LEFT if table.flags else "recognised",
        series,
    )


def _dots(name: str, places: Sequence[str], figures: Sequence[Mapping[str, Any]], tone: str) -> Series:
    parts = ([figure[part] for figure in figures] for part in ("value", "low", "high"))
    return Series(name, places, *parts, tone=tone)
