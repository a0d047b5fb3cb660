"""All runs of a sweep in one place: `sweep.csv`, `report.html` and, when asked for, the study's table.

This module is imported whenever Hydra starts, so what is heavy is imported where it is used.
"""

import logging
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hydra.core.utils import JobReturn
from hydra.experimental.callback import Callback
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from facetrial.errors import FacetrialError
from facetrial.failures import read_failure

log = logging.getLogger(__name__)

PLAIN = ("data", "synthetic", "limit", "embedder", "attack", "defense", "goal", "seed")
COUNTS = ("n", "not_attackable", "not_reached")
FIGURES = ("clean_accuracy", "robust_accuracy", "robust_accuracy_8bit", "attack_success")
# What the columns of a study's table differ in; runs that differ in anything else belong to different tables.
_IN_ONE_TABLE = ("attack", "defense", "experiment")


@dataclass(frozen=True)
class Run:
    """A run of a sweep.

    Attributes:
        folder: its run folder.
        overrides: what it was started with, such as "attack=random".
        summary: what it found; None when it has not finished.
        failure: why it failed at its last start; None when it did not.
    """

    folder: Path
    overrides: tuple[str, ...]
    summary: Mapping[str, Any] | None
    failure: str | None = None


class GatherSweep(Callback):
    """Hydra's callback that gathers a sweep: after each run, so that a sweep that stops keeps its `sweep.csv`, and
    at its end.

    Args:
        study: whether to write the study's table too (`study.md`, `.csv`, `.png`, `.svg`).
        people: rows of that table; None takes the study's five, or on synthetic faces the five with the most
            training pictures.
        defenses: whether to write the tables of defences (`defenses.md`, `.csv`, `.png`, `.svg`).
    """

    def __init__(
        self, study: bool = False, people: Sequence[str] | None = None, defenses: bool = False
    ) -> None:
        self.study = study
        self.defenses = defenses
        self.people = None if people is None else list(people)

    def on_job_end(self, config: DictConfig, job_return: JobReturn, **_: Any) -> None:
        if config.hydra.mode == RunMode.MULTIRUN:
            write_sweep_csv(gather_runs(config.hydra.sweep.dir), config.hydra.sweep.dir)

    def on_multirun_end(self, config: DictConfig, **_: Any) -> None:
        gather_sweep(config.hydra.sweep.dir, self.study, self.people, self.defenses)


def gather_sweep(
    folder: str | Path, study: bool = False, people: Sequence[str] | None = None, defenses: bool = False
) -> list[Path]:
    """Writes `sweep.csv`, `comparisons.csv`, `curves.csv`, `report.html` over all runs below `folder`, and more.

    Runs that differ in more than attack and defence (seeds, sizes) go to tables of their own, both of the study and of
    defences.

    Returns:
        What was written.

    Raises:
        FacetrialError: there is no run, or the study's table lacks a trial (`sweep.csv` and `report.html` are
            written all the same).
    """
    from facetrial.evaluation.comparisons import compare_trials, write_comparisons
    from facetrial.evaluation.curves import curves_table, write_curves
    from facetrial.evaluation.sweep_report import write_sweep_report

    folder = Path(folder)
    runs = gather_runs(folder)
    written = [write_sweep_csv(runs, folder)]
    if len(comparisons := compare_trials(runs)):
        written.append(write_comparisons(comparisons, folder))
    if len(curves := curves_table(runs)):
        written.append(write_curves(curves, folder))
    studies, problem = {}, None
    if study:
        try:
            studies = build_studies(runs, people)
        except FacetrialError as error:
            problem = error
    tables = {}
    if defenses:
        from facetrial.evaluation.defense_files import write_defense_table
        from facetrial.evaluation.defense_table import build_defense_tables

        tables = build_defense_tables(runs)
        for title, table in tables.items():
            written += write_defense_table(table, folder, table_name("defenses", title), title)
    written.append(write_sweep_report(runs, studies, folder, tables))
    if problem is not None:
        raise problem
    if studies:
        from facetrial.evaluation.poster_files import write_study

        for title, study in studies.items():
            written += write_study(study, folder, table_name("study", title), title)
    for path in written:
        log.info("Wrote %s", path)
    return written


def gather_runs(folder: str | Path) -> list[Run]:
    """The runs below `folder`, finished or not, in the order of their numbers.

    Raises:
        FacetrialError: there is none.
    """
    from facetrial.evaluation.summary import read_summary

    folder = Path(folder)
    folders = {path.parent for path in folder.rglob("summary.json")}
    folders |= {path.parent.parent for path in folder.rglob(".hydra/overrides.yaml")}
    runs = []
    for run in sorted(folders - {folder}, key=lambda path: _numbers_as_numbers(path.relative_to(folder))):
        overrides = run / ".hydra" / "overrides.yaml"
        failure = read_failure(run)
        finished = failure is None and (run / "summary.json").is_file()
        runs.append(
            Run(
                run,
                tuple(OmegaConf.to_container(OmegaConf.load(overrides))) if overrides.is_file() else (),
                read_summary(run / "summary.json") if finished else None,
                failure,
            )
        )
    if not runs:
        raise FacetrialError(f"no run below {folder}. Give the folder of a sweep: hydra.sweep.dir.")
    return runs


def write_sweep_csv(runs: Sequence[Run], folder: str | Path) -> Path:
    """Writes `sweep.csv`, whole: a line a run, with empty figures where it has not finished, and why it failed."""
    from facetrial.evaluation.tables import csv_table
    from facetrial.files import written_whole

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


def build_studies(runs: Sequence[Run], people: Sequence[str] | None = None) -> dict[str, Any]:
    """The study's tables of a sweep, by what sets each apart ("" where there is only one).

    Raises:
        FacetrialError: a run has not finished, or a table lacks a trial.
    """
    from facetrial.evaluation.poster import build_study
    from facetrial.evaluation.shards import read_rows

    if unfinished := [run.folder.name for run in runs if run.summary is None]:
        raise FacetrialError(
            f"the study's table needs every run; {', '.join(unfinished)} has not finished. Look into its log, and "
            "start the sweep again with the same hydra.sweep.dir: finished pictures are kept."
        )
    studies = {}
    for title, members in runs_of_tables(runs, picks_attack_or_defense).items():
        trials = [(run.summary, read_rows(run.folder / "verdicts.csv")) for run in members]
        studies[title] = build_study(trials, people)
    return studies


def runs_of_tables(runs: Sequence[Run], in_one_table: Callable[[str], bool]) -> dict[str, list[Run]]:
    """Runs by the overrides that set them apart, but for those that `in_one_table` allows; "" where there are none."""
    groups: dict[tuple[str, ...], list[Run]] = {}
    for run in runs:
        apart = tuple(sorted(o for o in run.overrides if not in_one_table(o)))
        groups.setdefault(apart, []).append(run)
    shared = set.intersection(*map(set, groups)) if groups else set()
    return {" ".join(o for o in apart if o not in shared): members for apart, members in groups.items()}


def picks_attack_or_defense(override: str) -> bool:
    """Whether an override picks what the columns of a table differ in."""
    return override.lstrip("+~").partition("=")[0] in _IN_ONE_TABLE


def table_name(begin: str, title: str) -> str:
    """A file name for the table with that title: "study-seed=1"."""
    return "-".join([begin, *re.findall(r"[\w.=+-]+", title)])


def _numbers_as_numbers(path: Path) -> list[tuple[int, int, str]]:
    parts = re.findall(r"\d+|\D+", path.as_posix())
    return [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in parts]
