"""All runs of a sweep in one place: `sweep.csv`, `report.html` and, when asked for, the study's table."""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from facetrial.core.errors import FacetrialError
from facetrial.sweep.comparisons import compare_trials, write_comparisons
from facetrial.sweep.csv_table import write_sweep_csv
from facetrial.sweep.defenses.files import write_defense_table
from facetrial.sweep.defenses.table import build_defense_tables
from facetrial.sweep.report import write_sweep_report
from facetrial.sweep.runs import Run, gather_runs, picks_attack_or_defense, runs_of_tables, table_name
from facetrial.sweep.security_curves import curves_table, write_curves
from facetrial.sweep.study.files import write_study
from facetrial.sweep.study.table import build_study
from facetrial.trial.rows import read_rows

log = logging.getLogger(__name__)


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
        tables = build_defense_tables(runs)
        for title, table in tables.items():
            written += write_defense_table(table, folder, table_name("defenses", title), title)
    written.append(write_sweep_report(runs, studies, folder, tables))
    if problem is not None:
        raise problem
    if studies:
        for title, study in studies.items():
            written += write_study(study, folder, table_name("study", title), title)
    for path in written:
        log.info("Wrote %s", path)
    return written


def build_studies(runs: Sequence[Run], people: Sequence[str] | None = None) -> dict[str, Any]:
    """The study's tables of a sweep, by what sets each apart ("" where there is only one).

    Raises:
        FacetrialError: a run has not finished, or a table lacks a trial.
    """
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
