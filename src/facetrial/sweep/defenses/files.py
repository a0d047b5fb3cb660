"""The table of defences as Markdown, CSV and a figure."""

from pathlib import Path

from facetrial.metrics.flagging import FLAGS_COUNT
from facetrial.report.rendering.text_tables import csv_table, markdown_table
from facetrial.statistics.intervals import METHOD
from facetrial.sweep.csv_table import figure_columns
from facetrial.sweep.defenses.section import defenses_chart, headed, table_lines
from facetrial.sweep.defenses.table import DefenseTable
from facetrial.sweep.runs import flags


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
    texts = {f"{name}.md": defenses_markdown(table, name, title), f"{name}.csv": defenses_csv(table)}
    return table.write(Path(folder), texts, defenses_chart(table, name, title))


def defenses_markdown(table: DefenseTable, name: str = "defenses", title: str = "") -> str:
    """The whole page."""
    about = table.about
    naive = (
        "; in brackets, what is left under the same attack when it does not: the difference is what the defence "
        "hides"
    )
    parts = [
        f"{about.embedder} on {about.data}, n = {about.n}, seed {about.seed}. Share of pictures recognised "
        f"under each attack, with 95 % intervals ({METHOD}). Attacks know the "
        f"defence{naive if table.has_naive else ''}.\n",
        *([f"{FLAGS_COUNT}\n"] if flags(table.summaries) else []),
        markdown_table(table.header, table_lines(table)),
        f"![Dot plot of the table above, with 95 % intervals]({name}.png)\n",
    ]
    return table.document(headed(title), parts)


def defenses_csv(table: DefenseTable) -> str:
    """A line a defence and attack."""
    return csv_table(
        [
            {
                "defense": defense,
                "attack": attack,
                **figure_columns("adaptive", cell.figure),
                **figure_columns("naive", cell.beside),
                "trusted": not cell.doubted,
                "clean": table.of_defense[defense].clean_kept.value,
                "clean_lost": table.lost(defense),
                **table.costs(defense),
            }
            for (defense, attack), cell in table.cells.items()
        ]
    )
