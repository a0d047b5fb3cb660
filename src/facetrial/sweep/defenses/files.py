"""The table of defences as Markdown, CSV and a figure."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from facetrial.core.files import written_whole
from facetrial.metrics.flagging import FLAGS_COUNT, clean_kept
from facetrial.report.rendering.chart_matplotlib import save_chart
from facetrial.report.rendering.formatting import NOTHING, interval, percent
from facetrial.report.rendering.text_tables import csv_table, markdown_table
from facetrial.report.wording import banners
from facetrial.sweep.defenses.section import defenses_chart, headed
from facetrial.sweep.defenses.table import Cell, DefenseTable


def write_defense_table(
    table: DefenseTable, folder: str | Path, name: str = "defenses", title: str = ""
) -> list[Path]:
    """Writes `defenses.md`, `.csv`, `.png` and `.svg`.

    Args:
        table: what they hold.
        folder: where.
        name: begins the files' names in place of "defenses".
        title: what sets this table apart from another of the same sweep.
    """
    folder = Path(folder)
    texts = {f"{name}.md": defenses_markdown(table, name, title), f"{name}.csv": defenses_csv(table)}
    for file, text in texts.items():
        with written_whole(folder / file) as temporary:
            temporary.write_text(text, encoding="utf-8")
    return [folder / file for file in texts] + save_chart(
        defenses_chart(table, name, title), folder, table.trials
    )


def table_lines(table: DefenseTable) -> list[list[str]]:
    """The lines as words."""
    lines = []
    for defense in table.defenses:
        summary, lost = table.summaries[defense], table.lost(defense)
        cost = summary.get("cost") or {}
        lines.append(
            [
                defense,
                _with_interval(clean_kept(summary)),
                NOTHING if lost is None else f"{100 * lost:.1f}",
                *(_in_words(table.cells.get((defense, attack))) for attack in table.attacks),
                _number(cost.get("train_seconds")),
                _number(cost.get("answers_per_second")),
            ]
        )
    return lines


def defenses_markdown(table: DefenseTable, name: str = "defenses", title: str = "") -> str:
    """The whole page."""
    about = table.trials[0]
    naive = (
        "; in brackets, what is left under the same attack when it does not: the difference is what the defence "
        "hides"
    )
    said = dict.fromkeys(banner for summary in table.trials for banner in banners(summary))
    parts = [
        f"# {headed(title)}\n",
        *(f"> **{banner}**\n" for banner in said),
        f"{about['embedder']} on {about['data']}, n = {about['n']}, seed {about['seed']}. Share of pictures recognised "
        "under each attack, with 95 % intervals (bootstrap over people, then pictures). Attacks know the "
        f"defence{naive if table.has_naive else ''}.\n",
        *([f"{FLAGS_COUNT}\n"] if table.flags else []),
        markdown_table(table.header, table_lines(table)),
        f"![Dot plot of the table above, with 95 % intervals]({name}.png)\n",
    ]
    return "\n".join(parts)


def defenses_csv(table: DefenseTable) -> str:
    """A line a defence and attack."""
    header = ["defense", "attack"]
    header += [f"{kind}{part}" for kind in ("adaptive", "naive") for part in ("", "_low", "_high", "_n")]
    header += ["clean", "clean_lost", "train_seconds", "answers_per_second"]
    lines = []
    for cell in table.cells.values():
        summary = table.summaries[cell.defense]
        cost = summary.get("cost") or {}
        figures = [
            None if figure is None else figure[part]
            for figure in (cell.adaptive, cell.naive)
            for part in ("value", "low", "high", "n")
        ]
        costs = [cost.get("train_seconds"), cost.get("answers_per_second")]
        clean = clean_kept(summary)["value"]
        lines.append([cell.defense, cell.attack, *figures, clean, table.lost(cell.defense), *costs])
    return csv_table(header, lines)


def _in_words(cell: Cell | None) -> str:
    if cell is None:
        return NOTHING
    words = NOTHING if cell.adaptive is None else _with_interval(cell.adaptive)
    return words if cell.naive is None else f"{words} (naive {percent(cell.naive['value'])})"


def _with_interval(figure: Mapping[str, Any]) -> str:
    return f"{percent(figure['value'])} [{interval(figure).removesuffix(' %').replace(' to ', ', ')}]"


def _number(value: float | None) -> str:
    return NOTHING if value is None else f"{value:.3g}"
