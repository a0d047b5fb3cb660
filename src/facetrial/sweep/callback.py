"""Hydra's callback that gathers a sweep, after each run and at its end."""

from collections.abc import Mapping, Sequence
from typing import Any

from hydra.core.utils import JobReturn
from hydra.experimental.callback import Callback

from facetrial.runtime.started import is_sweep, sweep_root
from facetrial.sweep.csv_table import write_sweep_csv
from facetrial.sweep.gather import gather_sweep
from facetrial.sweep.planned import read_plans
from facetrial.sweep.runs import gather_runs


class GatherSweep(Callback):
    """Hydra's callback that gathers a sweep: after each run, so that a sweep that stops keeps its `sweep.csv`, and
    at its end.

    Args:
        study: whether to write the study's table too (`study.md`, `.csv`, `.png`, `.svg`).
        people: rows of that table; None takes the study's five, or on synthetic faces the five with the most
            training pictures.
        defenses: whether to write the tables of defences (`defenses.md`, `.csv`, `.png`, `.svg`).
        comparisons: those that are planned, as `read_plans` takes them: {of: defense, against: none}.
    """

    def __init__(
        self,
        study: bool = False,
        people: Sequence[str] | None = None,
        defenses: bool = False,
        comparisons: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        self.study = study
        self.defenses = defenses
        self.plans = read_plans(comparisons)
        self.people = None if people is None else list(people)

    def on_job_end(self, config: Any, job_return: JobReturn, **_: Any) -> None:
        if is_sweep(config):
            write_sweep_csv(gather_runs(sweep_root(config)), sweep_root(config))

    def on_multirun_end(self, config: Any, **_: Any) -> None:
        gather_sweep(sweep_root(config), self.study, self.people, self.defenses, self.plans)
