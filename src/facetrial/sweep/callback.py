"""Hydra's callback that gathers a sweep, after each run and at its end."""

import logging
import os
import time
from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.utils import JobReturn
from hydra.experimental.callback import Callback

from facetrial.core.errors import FacetrialError
from facetrial.core.progress import in_short
from facetrial.runtime.failures import forget_failure, write_failure
from facetrial.runtime.started import is_sweep, sweep_root
from facetrial.sweep.csv_table import write_sweep_csv
from facetrial.sweep.gather import gather_sweep
from facetrial.sweep.planned import read_plans
from facetrial.sweep.runs import gather_runs

log = logging.getLogger(__name__)

_WORTH_SAYING = 60.0  # seconds


def runs_asked_for(words: Sequence[str]) -> int:
    """How many runs a sweep's command line comes to.

    >>> runs_asked_for(["attack=pgd,random", "seed=range(3)", "data.limit=8"])
    6
    """
    parsed = OverridesParser.create().parse_overrides(list(words))
    return prod(len(list(one.sweep_iterator())) for one in parsed if one.is_sweep_override())


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
        self._started: tuple[int, float, int] | None = None  # the process, when, and how many runs
        self._done = 0

    def on_multirun_start(self, config: Any, **_: Any) -> None:
        if not config.hydra.sweeper["_target_"].endswith(
            ".BasicSweeper"
        ):  # another makes its runs as it goes
            return
        asked = {word.partition("=")[0]: word for word in config.hydra.overrides.task}
        of_config = {
            key: f"{key}={value}" for key, value in (config.hydra.sweeper.get("params") or {}).items()
        }
        self._started = os.getpid(), time.monotonic(), runs_asked_for([*(of_config | asked).values()])

    def on_job_end(self, config: Any, job_return: JobReturn, **_: Any) -> None:
        if not is_sweep(config):
            return
        write_sweep_csv(gather_runs(sweep_root(config)), sweep_root(config))
        self._done += 1
        if self._started is None or self._started[0] != os.getpid():  # a worker does not know what others do
            return
        started, total = self._started[1:]
        left = (time.monotonic() - started) / self._done * (total - self._done)
        if left > _WORTH_SAYING:
            log.info("%d of %d runs are done; the others take about %s.", self._done, total, in_short(left))

    def on_multirun_end(self, config: Any, **_: Any) -> None:
        folder = sweep_root(config)
        forget_failure(folder)
        try:
            gather_sweep(folder, self.study, self.people, self.defenses, self.plans)
        except FacetrialError as error:  # of which Hydra would warn, and end with exit code 0
            write_failure(folder, error)  # for EndWithFailures
