"""The study's table as Markdown, CSV and a figure."""

import math
from collections.abc import Sequence
from pathlib import Path

from facetrial.metrics.names import defenses_name
from facetrial.report.claims import p_in_words
from facetrial.report.rendering.components import Cell
from facetrial.report.rendering.formatting import NOTHING, points
from facetrial.report.rendering.text_tables import csv_table, markdown_table
from facetrial.statistics.intervals import METHOD, METHOD_OF_DIFFERENCES
from facetrial.sweep.study.section import headed, noise_level, study_chart, study_table
from facetrial.sweep.study.table import FURTHER_COLUMNS, STUDY_COLUMNS, Study, place_of


def write_study(study: Study, folder: str | Path, name: str = "study", title: str = "") -> list[Path]:
    """Writes `study.md`, `study.csv`, `study_comparisons.csv`, `study.png` and `study.svg` into `folder`.

    Args:
        study: the table.
        folder: where.
        name: begins the files' names in place of "study".
        title: what sets this table apart from another of the same sweep.
    """
    texts = {
        f"{name}.md": study_markdown(study, title, f"{name}.png"),
        f"{name}.csv": cells_csv(study),
        f"{name}_comparisons.csv": comparisons_csv(study),
    }
    return study.write(Path(folder), texts, study_chart(study, name))


def study_markdown(study: Study, title: str = "", picture: str = "study.png") -> str:
    """The whole page."""
    about = study.about
    further = [column.key for column in FURTHER_COLUMNS if column.key in study.columns]
    parts = [
        f"{about.embedder} on {about.data}, seed {about.seed}. Share of pictures recognised, with 95 % "
        f"intervals: Wilson's within one person, {METHOD} for all. Every figure is of "
        f"the {study.n} of {study.n_tested} test pictures on which every attack reached its budget.\n",
        _cell_table(study, [column.key for column in STUDY_COLUMNS]),
    ]
    if any(cell.beside is not None for cell in study.cells.values()):
        parts.append(
            "“Study” is the figure of the study that Facetrial grew from; it gives neither sample sizes nor "
            "intervals, and none for all people. Adversarial training is measured under noisy landmarks.\n"
        )
    else:
        parts.append(
            "Adversarial training is measured under noisy landmarks. The study has no figures for these people.\n"
        )
    parts.append(f"![Dot plot of the table above, with 95 % intervals]({picture})\n")
    if further:
        parts += ["## Beyond the study\n", _cell_table(study, further)]
    parts += ["## Compared picture by picture\n", _comparison_table(study)]
    parts.append("".join(f"- {comparison.sentence}\n" for comparison in study.comparisons))
    parts.append(
        f"Differences are in percentage points, with intervals of 95 % ({METHOD_OF_DIFFERENCES}), and "
        f"p corrected for these {len(study.comparisons)} by Holm's method. McNemar's exact p, not corrected, takes "
        "pictures as independent, which pictures of one person are not.\n"
    )
    parts += ["## The trials\n", _trial_table(study)]
    if level := noise_level(study):
        parts.append(level + "\n")
    return study.document(headed(title), parts)


def _cell_table(study: Study, keys: Sequence[str]) -> str:
    table = study_table(study, keys)
    return markdown_table(table.header, table.lines)


def _comparison_table(study: Study) -> str:
    lines: list[list[Cell]] = [
        [
            f"“{comparison.second.title}” less “{comparison.first.title}”",
            points(comparison.difference.value),
            f"[{points(comparison.difference.low)}, {points(comparison.difference.high)}]",
            comparison.difference.n,
            p_in_words(comparison.p),
            f"{comparison.mcnemar_p:.2g}",
        ]
        for comparison in study.comparisons
    ]
    return markdown_table(["difference", "points", "95 % interval", "n", "p, Holm", "McNemar's p"], lines)


def _trial_table(study: Study) -> str:
    lines: list[list[Cell]] = []
    for summary in study.summaries:
        rms = study.rms.get(place_of(summary), math.nan)
        lines.append(
            [
                summary.attack,
                summary.defense,
                summary.n,
                summary.not_attackable,
                summary.not_reached,
                NOTHING if math.isnan(rms) else f"{rms:.4f}",
                "yes" if summary.trusted else "NO",
            ]
        )
    header = ["attack", "defence", "pictures", "not attackable", "below the budget", "median RMS", "trusted"]
    return markdown_table(header, lines)


def cells_csv(study: Study) -> str:
    """A line a cell, those of the study's columns first."""
    trusted = all(summary.trusted for summary in study.summaries)
    lines = []
    for columns in (STUDY_COLUMNS, FURTHER_COLUMNS):
        for person in study.rows:
            for column in columns:
                if (cell := study.cells.get((person, column.key))) is None or cell.figure is None:
                    continue
                about = {"person": person, "column": column.key, "attack": column.attack or "clean"}
                about["defense"] = defenses_name(column.defenses)
                figure = {part: getattr(cell.figure, part) for part in ("n", "value", "low", "high")}
                beside = {"study": None if cell.beside is None else cell.beside.value}
                lines.append(about | figure | beside | _about(study) | {"trusted": trusted})
    return csv_table(lines)


def comparisons_csv(study: Study) -> str:
    """A line a comparison."""
    return csv_table(
        [
            {
                "second": comparison.second.key,
                "first": comparison.first.key,
                "difference": comparison.difference.value,
                **{part: getattr(comparison.difference, part) for part in ("low", "high", "n")},
                "p_holm": comparison.p,
                "mcnemar_p": comparison.mcnemar_p,
                "sentence": comparison.sentence,
                **_about(study),
            }
            for comparison in study.comparisons
        ]
    )


def _about(study: Study) -> dict[str, bool | int | None]:
    return {"synthetic": study.about.synthetic, "limit": study.about.limit}
