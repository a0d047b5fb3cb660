"""All runs of a sweep in one place: `sweep.csv`, `report.html` and, when asked for, the study's table."""

import logging
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from facetrial.core.errors import FacetrialError
from facetrial.sweep.comparisons import FILE as COMPARISONS
from facetrial.sweep.comparisons import compare_trials
from facetrial.sweep.csv_table import write_sweep_csv
from facetrial.sweep.defenses.files import write_defense_table
from facetrial.sweep.defenses.table import build_defense_tables
from facetrial.sweep.planned import Plan
from facetrial.sweep.report import write_sweep_report
from facetrial.sweep.runs import (
    Run,
    finished_runs,
    gather_runs,
    picks_attack_or_defense,
    runs_of_tables,
    table_name,
)
from facetrial.sweep.security_curves import FILE as CURVES
from facetrial.sweep.security_curves import curves_table
from facetrial.sweep.study.files import write_study
from facetrial.sweep.study.table import Study, build_study
from facetrial.trial.rows import write_rows

log = logging.getLogger(__name__)


def gather_sweep(
    folder: str | Path,
    study: bool = False,
    people: Sequence[str] | None = None,
    defenses: bool = False,
    plans: Sequence[Plan] = (),
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
    finished = finished_runs(runs)
    written = [write_sweep_csv(runs, folder)]
    for file, table in (
        (COMPARISONS, pd.DataFrame(compare_trials(finished, plans))),
        (CURVES, curves_table(finished)),
    ):
        if len(table):
            write_rows(table, folder / file)
            written.append(folder / file)
    studies: dict[str, Study] = {}
    problem = None
    if study:
        try:
            studies = build_studies(runs, people)
        except FacetrialError as error:
            problem = error
    tables = build_defense_tables(finished) if defenses else {}
    for title, defended in tables.items():
        written += write_defense_table(defended, folder, table_name("defenses", title), title)
    written.append(write_sweep_report(runs, studies, folder, tables, plans))
    if problem is not None:
        raise problem
    for title, built in studies.items():
        written += write_study(built, folder, table_name("study", title), title)
    for path in written:
        log.info("Wrote %s", path)
    return written


def build_studies(runs: Sequence[Run], people: Sequence[str] | None = None) -> dict[str, Study]:
    """The study's tables of a sweep, by what sets each apart ("" where there is only one).

    Raises:
        FacetrialError: a run has not finished, or a table lacks a trial.
    """
    if unfinished := [run.folder.name for run in runs if run.summary is None]:
        raise FacetrialError(
            f"the study's table needs every run; {', '.join(unfinished)} has not finished. Look into its log, and "
            "start the sweep again with the same hydra.sweep.dir: finished pictures are kept."
        )
    return {
        title: build_study([(run.summary, run.rows.reset_index()) for run in members], people)
        for title, members in runs_of_tables(finished_runs(runs), picks_attack_or_defense).items()
    }
