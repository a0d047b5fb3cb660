"""`sweep.csv`: a line a run, with its figures or why it failed."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from facetrial.core.files import written_whole
from facetrial.report.rendering.text_tables import csv_table
from facetrial.sweep.runs import Run

PLAIN = ("data", "synthetic", "limit", "embedder", "attack", "defense", "goal", "seed")
COUNTS = ("n", "not_attackable", "not_reached")
FIGURES = ("clean_accuracy", "robust_accuracy", "robust_accuracy_8bit", "attack_success")


def write_sweep_csv(runs: Sequence[Run], folder: str | Path) -> Path:
    """Writes `sweep.csv`, whole: a line a run, with empty figures where it has not finished, and why it failed."""
    path = Path(folder) / "sweep.csv"
    header = ["run", "finished", *PLAIN, *COUNTS]
    header += [f"{figure}{part}" for figure in FIGURES for part in ("", "_low", "_high", "_n")]
    header += ["trusted", "seconds", "images_per_second", "overrides", "failed"]
    text = csv_table(header, [_line(run, folder) for run in runs])
    with written_whole(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
    return path


def _line(run: Run, folder: str | Path) -> list[Any]:
    name, overrides = run.folder.relative_to(folder).as_posix(), " ".join(run.overrides)
    if run.summary is None:
        nothing = [None] * (len(PLAIN) + len(COUNTS) + 4 * len(FIGURES) + 3)
        return [name, False, *nothing, overrides, run.failure]
    figures = [run.summary[figure][part] for figure in FIGURES for part in ("value", "low", "high", "n")]
    found = [run.summary[key] for key in PLAIN + COUNTS]
    last = [run.summary[key] for key in ("trusted", "seconds", "images_per_second")]
    return [name, True, *found, *figures, *last, overrides, run.failure]
