"""`sweep.csv`: a line a run, with its figures or why it failed."""

from collections.abc import Sequence
from pathlib import Path

from facetrial.core.files import written_whole
from facetrial.report.rendering.text_tables import CsvCell, csv_table
from facetrial.statistics.intervals import Interval
from facetrial.sweep.runs import Run

PLAIN = ("data", "synthetic", "limit", "embedder", "attack", "defense", "goal", "seed")
COUNTS = ("n", "not_attackable", "not_reached")
FIGURES = ("clean_accuracy", "robust_accuracy", "robust_accuracy_8bit", "attack_success")
LAST = ("trusted", "seconds", "images_per_second")


def figure_columns(name: str, figure: Interval | None) -> dict[str, float | int | None]:
    """A figure as columns: its value under the name, and `_low`, `_high` and `_n`; empty where there is none."""
    columns = {"": "value", "_low": "low", "_high": "high", "_n": "n"}
    return {f"{name}{end}": getattr(figure, part, None) for end, part in columns.items()}


def write_sweep_csv(runs: Sequence[Run], folder: str | Path) -> Path:
    """Writes `sweep.csv`, whole: a line a run, with empty figures where it has not finished, and why it failed."""
    path = Path(folder) / "sweep.csv"
    text = csv_table([_line(run, folder) for run in runs])
    with written_whole(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
    return path


def _line(run: Run, folder: str | Path) -> dict[str, CsvCell]:
    line: dict[str, CsvCell] = {"run": run.folder.relative_to(folder).as_posix()}
    line["finished"] = run.summary is not None
    line |= {key: getattr(run.summary, key, None) for key in PLAIN + COUNTS}
    for figure in FIGURES:
        line |= figure_columns(figure, getattr(run.summary, figure, None))
    over_people = getattr(run.summary, "over_people", None)
    for figure in FIGURES:
        line |= figure_columns(f"{figure}_over_people", getattr(over_people, figure, None))
    line |= {key: getattr(run.summary, key, None) for key in LAST}
    return line | {"overrides": " ".join(run.overrides), "failed": run.failure}
