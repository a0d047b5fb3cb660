"""One report over all runs of a sweep."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from matplotlib.figure import Figure

from facetrial.evaluation import tables, verdict_words
from facetrial.evaluation.comparisons import comparisons_section
from facetrial.evaluation.defense_table import DefenseTable, defenses_figure, table_lines
from facetrial.evaluation.figures import LIGHT, Theme, draw_figures, mark, new_axes, percent_axis
from facetrial.evaluation.page import write_html
from facetrial.evaluation.poster import EVERYBODY, Study
from facetrial.evaluation.poster_figure import study_figure
from facetrial.evaluation.poster_files import noise_level
from facetrial.evaluation.report import themed_chart
from facetrial.evaluation.section_view import show_sections
from facetrial.evaluation.sections import Section

if TYPE_CHECKING:
    from facetrial.evaluation.sweep import Run

SWEEP_SECTIONS: list[Callable[[Sequence["Run"]], Section | None]] = [comparisons_section]
"""What a sweep's report has to show, in the order of the page: each makes a section of all runs, or None."""


def write_sweep_report(
    runs: Sequence["Run"],
    studies: Mapping[str, Study],
    folder: str | Path,
    defenses: DefenseTable | None = None,
) -> Path:
    """Writes `report.html` over all runs into the sweep's folder, with the study's tables and that of defences, if any.

    It is self-contained but for links to the runs' own reports below the same folder.
    """
    folder = Path(folder)
    finished = [run for run in runs if run.summary is not None]
    lines = [
        {
            "name": run.folder.relative_to(folder).as_posix(),
            "summary": run.summary,
            "failure": run.failure,
            "overrides": " ".join(own_overrides(run, runs)),
            "has_report": (run.folder / "report.html").is_file(),
        }
        for run in runs
    ]
    banners = [banner for run in finished for banner in verdict_words.banners(run.summary)]
    return write_html(
        folder / "report.html",
        "sweep.html",
        title="Sweep",
        headline=headline(finished, len(runs)),
        banners=list(dict.fromkeys(banners)),
        lines=lines,
        sections=show_sections(
            [section for make in SWEEP_SECTIONS if (section := make(runs)) is not None],
            folder,
            [run.summary for run in finished],
        ),
        chart=themed_chart(runs_figure, finished) if finished else None,
        defenses=None if defenses is None else defenses_view(defenses),
        studies=[study_view(title, study) for title, study in studies.items()],
    )


def defenses_view(table: DefenseTable) -> dict:
    """What the page shows of the table of defences."""
    header, lines = table_lines(table)
    return {"header": header, "lines": lines, "chart": themed_chart(defenses_figure, table)}


def own_overrides(run: "Run", runs: Sequence["Run"]) -> list[str]:
    """What `run` was started with, less what all runs were started with."""
    return [override for override in run.overrides if not all(override in other.overrides for other in runs)]


def headline(finished: Sequence["Run"], count: int) -> str:
    """The sweep in one sentence: the trial that did most harm."""
    trials = f"{len(finished)} of {count} trials finished" if len(finished) < count else f"{count} trials"
    measured = [run.summary for run in finished if run.summary["robust_accuracy"]["n"]]
    if not measured:
        return f"{trials}; no picture could be attacked."
    worst = min(measured, key=lambda summary: summary["robust_accuracy"]["value"])
    defence = "without defence" if worst["defense"] == "none" else f"against defence {worst['defense']}"
    return (
        f"{trials}. The hardest, {worst['attack']} {defence}, leaves "
        f"{tables.percent(worst['robust_accuracy']['value'])} of the faces recognised; clean, "
        f"{tables.percent(worst['clean_accuracy']['value'])} are."
    )


def study_view(title: str, study: Study) -> dict:
    """What the page shows of a study's table."""
    columns = list(dict.fromkeys(cell.column for cell in study.cells + study.further))
    by_place = {(cell.person, cell.column): cell for cell in study.cells + study.further}
    return {
        "title": title,
        "columns": [column.title for column in columns],
        "lines": [
            (person, [by_place[person, column] for column in columns])
            for person in [*study.people, EVERYBODY]
        ],
        "sentences": [comparison.sentence for comparison in study.comparisons],
        "noise_level": noise_level(study),
        "n": study.n,
        "n_tested": study.n_tested,
        "chart": themed_chart(study_figure, study),
    }


def runs_figure(finished: Sequence["Run"], theme: Theme = LIGHT) -> Figure:
    """Accuracy clean and attacked of each run, with intervals."""
    figure, axes = new_axes(theme, max(4.6, 0.55 * len(finished) + 2), 3.6)
    percent_axis(axes, theme, "recognised")
    for place, run in enumerate(finished):
        draw_figures(axes, place - 0.12, run.summary["clean_accuracy"], theme.clean, "o")
        draw_figures(axes, place + 0.12, run.summary["robust_accuracy"], theme.attacked, "s")
    axes.plot([], [], "o", color=theme.clean, label="clean")
    axes.plot([], [], "s", color=theme.attacked, label="attacked")
    labels = []
    for run in finished:
        further = [o for o in own_overrides(run, finished) if not o.startswith(("attack=", "defense="))]
        labels.append("\n".join([f"{run.summary['attack']} / {run.summary['defense']}", *further]))
    axes.set_xticks(range(len(labels)), labels, rotation=35, ha="right")
    for label in axes.get_xticklabels():
        label.set_parse_math(False)
    axes.set_xlim(-0.6, len(finished) - 0.4)
    figure.legend(loc="outside upper left", ncols=2, fontsize=8, frameon=False, labelcolor=theme.ink)
    mark(figure, [run.summary for run in finished], theme)
    return figure
