"""The runs of a sweep as they lie in its folder, finished or not, and what tells them apart."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TypeVar

import pandas as pd
import yaml

from facetrial.core.errors import FacetrialError
from facetrial.metrics.names import changes_attack
from facetrial.metrics.summary import TrialSummary
from facetrial.metrics.summary_json import read_summary
from facetrial.runtime.failures import read_failure
from facetrial.runtime.finished_files import as_left, is_set_aside
from facetrial.trial.rows import read_verdicts

# What the columns of a study's table differ in; runs that differ in anything else belong to different tables.
_IN_ONE_TABLE = ("attack", "defense", "experiment")


@dataclass(frozen=True)
class Run:
    """A run of a sweep.

    Attributes:
        folder: its run folder.
        overrides: what it was started with, such as "attack=random".
        summary: what it found; None when it has not finished.
        failure: why it failed at its last start, or cannot be read; None when it did not.
    """

    folder: Path
    overrides: tuple[str, ...]
    summary: TrialSummary | None
    failure: str | None = None


@dataclass(frozen=True)
class FinishedRun:
    """A run that has finished.

    Attributes:
        folder: its run folder.
        overrides: what it was started with.
        summary: what it found.
        name: what tells it from the others: "landmarks / adv, seed=1", and whether it is not trusted.
    """

    folder: Path
    overrides: tuple[str, ...]
    summary: TrialSummary
    name: str

    @cached_property
    def rows(self) -> pd.DataFrame:
        """Its verdict rows by file, sorted."""
        return read_verdicts(as_left(self.folder, "verdicts.csv")).set_index("file").sort_index()


AnyRun = TypeVar("AnyRun", bound=Run | FinishedRun)


def gather_runs(folder: str | Path) -> list[Run]:
    """The runs below `folder`, finished or not, in the order of their numbers.

    Raises:
        FacetrialError: there is none.
    """
    folder = Path(folder)
    folders = {path.parent for path in folder.rglob("summary.json")}
    folders |= {path.parent.parent for path in folder.rglob(".hydra/overrides.yaml")}
    runs = []
    folders = {run for run in folders - {folder} if not is_set_aside(run.relative_to(folder))}
    for run in sorted(folders, key=lambda path: _numbers_as_numbers(path.relative_to(folder))):
        overrides = run / ".hydra" / "overrides.yaml"
        failure, summary = read_failure(run), None
        if failure is None and (run / "summary.json").is_file():
            try:
                summary = read_summary(as_left(run, "summary.json"))
            except FacetrialError as error:  # the others can be told of
                failure = str(error)
        runs.append(Run(run, _overrides(overrides) if overrides.is_file() else (), summary, failure))
    if not runs:
        raise FacetrialError(f"no run below {folder}. Give the folder of a sweep: hydra.sweep.dir.")
    return runs


def finished_runs(runs: Sequence[Run]) -> list[FinishedRun]:
    """Those that have finished, each named by attack, defence, and what else it alone was started with."""
    finished = [(run, run.summary) for run in runs if run.summary is not None]
    found = []
    for run, summary in finished:
        own = own_overrides(run, [other for other, _ in finished])
        further = [o for o in own if not (o.startswith(("attack=", "defense=")) or changes_attack(o))]
        name = doubted(", ".join([f"{summary.attack} / {summary.defense}", *further]), [summary])
        found.append(FinishedRun(run.folder, run.overrides, summary, name))
    return found


def doubted(name: str, summaries: Iterable[TrialSummary]) -> str:
    """What trials are called together, with a word where one of them is not trusted."""
    return f"{name} (not trusted)" if any(summary.doubt is not None for summary in summaries) else name


def flags(summaries: Iterable[TrialSummary]) -> bool:
    """Whether a defence of any trial flags pictures."""
    return any(summary.flagging is not None for summary in summaries)


def own_overrides(run: Run | FinishedRun, runs: Sequence[Run | FinishedRun]) -> list[str]:
    """What `run` was started with, less what all runs were started with."""
    return [override for override in run.overrides if not all(override in other.overrides for other in runs)]


def runs_of_tables(runs: Sequence[AnyRun], in_one_table: Callable[[str], bool]) -> dict[str, list[AnyRun]]:
    """Runs by the overrides that set them apart, but for those that `in_one_table` allows; "" where there are none."""
    groups: dict[tuple[str, ...], list[AnyRun]] = {}
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


def _overrides(path: Path) -> tuple[str, ...]:
    """What Hydra wrote that a run was started with."""
    try:
        found = yaml.safe_load(path.read_bytes())
    except (yaml.YAMLError, ValueError) as error:
        raise FacetrialError(f"{path} cannot be read: {error}. Start the run again.") from error
    if not isinstance(found, list):
        raise FacetrialError(
            f"{path} holds no list of overrides; expected what Hydra writes. Start the run again."
        )
    return tuple(map(str, found))


def _numbers_as_numbers(path: Path) -> list[tuple[int, int, str]]:
    parts = re.findall(r"\d+|\D+", path.as_posix())
    return [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in parts]
