"""Defences side by side: what each leaves under each attack, and what it costs."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from facetrial.core.errors import FacetrialError
from facetrial.metrics.names import changes_attack, changes_defense
from facetrial.metrics.summary import TrialSummary
from facetrial.sweep.figure_table import Cell, FigureTable
from facetrial.sweep.runs import FinishedRun, picks_attack_or_defense, runs_of_tables

NONE = "none"
_SAID = ("data", "embedder", "limit", "goal", "seed")  # where they differ and overrides do not tell


@dataclass(frozen=True)
class DefenseTable(FigureTable):
    """Trials that differ in defence, attack and whether the attack knows the defence, and in nothing else.

    Rows are defences, in the order of the runs, none first; columns are attacks. A cell's figure is what is left under
    the attack that knows the defence; what is left under the one that does not stands beside it.

    Attributes:
        of_defense: a trial of each defence, for clean accuracy and cost.
    """

    of_defense: Mapping[str, TrialSummary]

    def lost(self, defense: str) -> float | None:
        """Clean accuracy that the defence costs, beside the recogniser without; None where that did not stand trial."""
        if NONE not in self.of_defense:
            return None
        return self.of_defense[NONE].clean_kept.value - self.of_defense[defense].clean_kept.value

    def costs(self, defense: str) -> dict[str, float | None]:
        """Seconds to train, and answers a second; None where they were not measured."""
        cost = self.of_defense[defense].cost
        return {key: getattr(cost, key, None) for key in ("train_seconds", "answers_per_second")}

    @property
    def header(self) -> list[str]:
        """Names of its columns."""
        return ["defence", "clean", "lost, points", *self.columns.values(), "training, s", "answers/s"]

    @property
    def has_naive(self) -> bool:
        """Whether any attack was made that does not know the defence."""
        return any(cell.beside is not None for cell in self.cells.values())


def build_defense_tables(runs: Sequence[FinishedRun]) -> dict[str, DefenseTable]:
    """The tables of a sweep, by what sets each apart ("" where there is only one).

    A defence with changed settings is another defence. Runs that differ in anything else (seed, sizes, data) go to
    tables of their own, and so does one that repeats another: none is left out.
    """
    parted: dict[str, list[TrialSummary]] = {}
    for title, members in runs_of_tables(runs, _in_one_table).items():
        summaries = [run.summary for run in members]
        varied = [key for key in _SAID if len({getattr(summary, key) for summary in summaries}) > 1]
        attacks = _attack_names(summaries)
        seen: Counter[tuple[str, ...]] = Counter()
        for summary, attack in zip(summaries, attacks, strict=True):
            words = [title] if title else []
            words += [f"{key}={getattr(summary, key)}" for key in varied]
            place = (*words, summary.chosen.defense_name, attack, str(summary.naive))
            seen[place] += 1
            words += [f"repeat {seen[place]}"] if seen[place] > 1 else []
            parted.setdefault(" ".join(words), []).append(summary)
    return {title: build_defense_table(summaries) for title, summaries in parted.items()}


def _in_one_table(override: str) -> bool:
    return picks_attack_or_defense(override) or changes_attack(override) or changes_defense(override)


def build_defense_table(summaries: Sequence[TrialSummary]) -> DefenseTable:
    """The table of finished trials, of which no two share defence, attack and whether the attack knows the defence.

    Raises:
        FacetrialError: two do.
    """
    cells: dict[tuple[str, str], Cell] = {}
    of_defense: dict[str, TrialSummary] = {}
    for summary, attack in zip(summaries, _attack_names(summaries), strict=True):
        defense = summary.chosen.defense_name
        of_defense.setdefault(defense, summary)
        cell = cells.get((defense, attack), Cell(None))
        if (cell.beside if summary.naive else cell.figure) is not None:
            raise FacetrialError(
                f"found two trials of attack={attack} ({'naive' if summary.naive else 'adaptive'}) defense={defense}; "
                "a table of defences takes one. Give the trials of a single seed and size."
            )
        left, doubted = summary.left_robust, cell.doubted or summary.doubt is not None
        figure, beside = (cell.figure, left) if summary.naive else (left, cell.beside)
        cells[defense, attack] = Cell(figure, beside, doubted)
    return DefenseTable(
        rows=sorted(of_defense, key=lambda name: name != NONE),
        columns={attack: attack for _, attack in cells},
        cells=cells,
        summaries=list(summaries),
        of_defense=of_defense,
    )


def _attack_names(summaries: Sequence[TrialSummary]) -> list[str]:
    """Each trial's attack, as that is called when it knows the defence.

    "pgd (adaptive=false, eps=2)" is "pgd (eps=2)", naive; and so is what a config of its own makes the same attack.
    """
    names = [summary.chosen.without("adaptive").attack_name for summary in summaries]
    made = [json.dumps({**summary.attack_parts, "adaptive": True}, sort_keys=True) for summary in summaries]
    trials = list(zip(summaries, names, made, strict=True))
    adaptive = {parts: name for summary, name, parts in trials if not summary.naive}
    return [
        adaptive.get(parts, name) if summary.naive and name not in adaptive.values() else name
        for summary, name, parts in trials
    ]
