"""The study's table as Markdown, CSV and a figure."""

import math
from collections.abc import Sequence
from pathlib import Path

from facetrial.core.files import written_whole
from facetrial.report.rendering.chart_matplotlib import save_chart
from facetrial.report.rendering.formatting import NOTHING, points, shown_name
from facetrial.report.rendering.text_tables import csv_table, markdown_table
from facetrial.report.wording import banners
from facetrial.sweep.study.section import noise_level, study_chart
from facetrial.sweep.study.table import EVERYBODY, Cell, Study, base_name


def write_study(study: Study, folder: str | Path, name: str = "study", title: str = "") -> list[Path]:
    """Writes `study.md`, `study.csv`, `study_comparisons.csv`, `study.png` and `study.svg` into `folder`.

    Args:
        study: the table.
        folder: where.
        name: begins the files' names in place of "study".
        title: what sets this table apart from another of the same sweep.
    """
    folder = Path(folder)
    texts = {
        f"{name}.md": study_markdown(study, title, f"{name}.png"),
        f"{name}.csv": cells_csv(study),
        f"{name}_comparisons.csv": comparisons_csv(study),
    }
    for file, text in texts.items():
        with written_whole(folder / file) as temporary:
            temporary.write_text(text, encoding="utf-8")
    return [folder / file for file in texts] + save_chart(study_chart(study, name), folder, study.summaries)


def study_banners(study: Study) -> list[str]:
    """What must be known of any of its trials before a figure is used, each said once."""
    said = [banner for summary in study.summaries for banner in banners(summary)]
    return list(dict.fromkeys(said))


def study_markdown(study: Study, title: str = "", picture: str = "study.png") -> str:
    """The whole page."""
    about = study.about
    parts = [f"# The study's table{': ' + title if title else ''}\n"]
    parts += [f"> **{banner}**\n" for banner in study_banners(study)]
    parts.append(
        f"{about['embedder']} on {about['data']}, seed {about['seed']}. Share of pictures recognised, with 95 % "
        "intervals: Wilson's within one person, bootstrap over people, then pictures, for all. Every figure is of "
        f"the {study.n} of {study.n_tested} test pictures on which every attack reached its budget.\n"
    )
    parts.append(_cell_table(study.cells, study.people))
    if any(cell.study is not None for cell in study.cells):
        parts.append(
            "“Study” is the figure of the study that Facetrial grew from; it gives neither sample sizes nor "
            "intervals, and none for all people. Adversarial training is measured under noisy landmarks.\n"
        )
    else:
        parts.append(
            "Adversarial training is measured under noisy landmarks. The study has no figures for these people.\n"
        )
    parts.append(f"![Dot plot of the table above, with 95 % intervals]({picture})\n")
    if study.further:
        parts += ["## Beyond the study\n", _cell_table(study.further, study.people)]
    if study.comparisons:
        parts += ["## Compared picture by picture\n", _comparison_table(study)]
        parts.append("".join(f"- {comparison.sentence}\n" for comparison in study.comparisons))
        parts.append(
            "Differences are in percentage points, with intervals by a paired bootstrap over people, then pictures. "
            "McNemar's exact p takes pictures as independent, which pictures of one person are not; the interval is "
            "what counts.\n"
        )
    parts += ["## The trials\n", _trial_table(study)]
    if level := noise_level(study):
        parts.append(level + "\n")
    return "\n".join(parts)


def _cell_table(cells: Sequence[Cell], people: Sequence[str]) -> str:
    columns = list(dict.fromkeys(cell.column for cell in cells))
    by_place = {(cell.person, cell.column): cell for cell in cells}
    lines = [
        [shown_name(person), *(_cell_text(by_place[person, column]) for column in columns)]
        for person in [*people, EVERYBODY]
    ]
    return markdown_table(["person", *(column.title for column in columns)], lines)


def _cell_text(cell: Cell) -> str:
    figure = cell.figure
    if not figure.n:
        return f"{NOTHING} (n = 0)"
    text = f"**{figure.value:.3f}** [{figure.low:.3f}, {figure.high:.3f}] n = {figure.n}"
    return text if cell.study is None else f"{text}; study {cell.study:g}"


def _comparison_table(study: Study) -> str:
    lines = [
        [
            f"“{comparison.second.title}” less “{comparison.first.title}”",
            points(comparison.difference.value),
            f"[{points(comparison.difference.low)}, {points(comparison.difference.high)}]",
            comparison.difference.n,
            f"{comparison.p:.2g}",
        ]
        for comparison in study.comparisons
    ]
    return markdown_table(["difference", "points", "95 % interval", "n", "McNemar's p"], lines)


def _trial_table(study: Study) -> str:
    lines = []
    for summary in study.summaries:
        rms = study.rms.get((base_name(summary["attack"]), summary["defense"]), math.nan)
        lines.append(
            [
                summary["attack"],
                summary["defense"],
                summary["n"],
                summary["not_attackable"],
                summary["not_reached"],
                NOTHING if math.isnan(rms) else f"{rms:.4f}",
                "yes" if summary["trusted"] else "NO",
            ]
        )
    header = ["attack", "defence", "pictures", "not attackable", "below the budget", "median RMS", "trusted"]
    return markdown_table(header, lines)


def cells_csv(study: Study) -> str:
    """A line a cell."""
    header = [
        "person",
        "column",
        "attack",
        "defense",
        "n",
        "value",
        "low",
        "high",
        "study",
        "synthetic",
        "limit",
        "trusted",
    ]
    about = study.about
    trusted = all(summary["trusted"] for summary in study.summaries)
    lines = [
        [
            cell.person,
            cell.column.key,
            cell.column.attack or "clean",
            cell.column.defense,
            cell.figure.n,
            cell.figure.value,
            cell.figure.low,
            cell.figure.high,
            math.nan if cell.study is None else cell.study,
            about["synthetic"],
            about["limit"],
            trusted,
        ]
        for cell in study.cells + study.further
    ]
    return csv_table(header, lines)


def comparisons_csv(study: Study) -> str:
    """A line a comparison."""
    header = [
        "second",
        "first",
        "difference",
        "low",
        "high",
        "n",
        "mcnemar_p",
        "sentence",
        "synthetic",
        "limit",
    ]
    lines = [
        [
            comparison.second.key,
            comparison.first.key,
            comparison.difference.value,
            comparison.difference.low,
            comparison.difference.high,
            comparison.difference.n,
            comparison.p,
            comparison.sentence,
            study.about["synthetic"],
            study.about["limit"],
        ]
        for comparison in study.comparisons
    ]
    return csv_table(header, lines)
