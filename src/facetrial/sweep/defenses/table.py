"""Defences side by side: what each leaves under each attack, and what it costs."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from facetrial.core.errors import FacetrialError
from facetrial.metrics.flagging import clean_kept, has_detector, left_robust
from facetrial.metrics.names import changes_attack, changes_defense, defense_name
from facetrial.metrics.summary import is_naive
from facetrial.sweep.runs import Run, picks_attack_or_defense, runs_of_tables

_SAID = ("data", "embedder", "limit", "goal", "seed")  # where they differ and overrides do not tell


@dataclass(frozen=True)
class Cell:
    """What a defence leaves under an attack.

    Attributes:
        defense: its name.
        attack: its name.
        adaptive: what is left, {value, low, high, n}, under the attack that knows the defence; None where not run.
        naive: the same under the attack that does not.
    """

    defense: str
    attack: str
    adaptive: Mapping[str, Any] | None
    naive: Mapping[str, Any] | None


@dataclass(frozen=True)
class DefenseTable:
    """Cells of trials that differ in defence, attack and whether the attack knows the defence, and in nothing else.

    Attributes:
        defenses: in the order of the runs, none first.
        attacks: in the order of the runs.
        cells: for each (defense, attack).
        summaries: one of each defence, for clean accuracy and cost.
        trials: all summaries.
    """

    defenses: list[str]
    attacks: list[str]
    cells: dict[tuple[str, str], Cell]
    summaries: dict[str, Mapping[str, Any]]
    trials: list[Mapping[str, Any]]

    def lost(self, defense: str) -> float | None:
        """Clean accuracy that the defence costs, beside the recogniser without; None where that did not stand trial."""
        if "none" not in self.summaries:
            return None
        clean = [clean_kept(self.summaries[name])["value"] for name in ("none", defense)]
        return clean[0] - clean[1]

    @property
    def header(self) -> list[str]:
        """Names of its columns."""
        return ["defence", "clean", "lost, points", *self.attacks, "training, s", "answers/s"]

    @property
    def has_naive(self) -> bool:
        """Whether any attack was made that does not know the defence."""
        return any(cell.naive is not None for cell in self.cells.values())

    @property
    def flags(self) -> bool:
        """Whether any defence flags pictures."""
        return any(has_detector(summary) for summary in self.trials)


def build_defense_tables(runs: Sequence[Run]) -> dict[str, DefenseTable]:
    """The tables of a sweep's finished runs, by what sets each apart ("" where there is only one).

    A defence with changed settings is another defence. Runs that differ in anything else (seed, sizes, data) go to
    tables of their own, and so does one that repeats another: none is left out.
    """
    parted: dict[str, list[Mapping[str, Any]]] = {}
    finished = [run for run in runs if run.summary is not None]
    for title, members in runs_of_tables(finished, _in_one_table).items():
        varied = [key for key in _SAID if len({run.summary[key] for run in members}) > 1]
        seen: Counter[tuple] = Counter()
        for run in members:
            summary = {**run.summary, "defense": defense_name(run.summary["defense"], run.overrides)}
            words = [title] if title else []
            words += [f"{key}={summary[key]}" for key in varied]
            place = (*words, *_place(summary))
            seen[place] += 1
            words += [f"repeat {seen[place]}"] if seen[place] > 1 else []
            parted.setdefault(" ".join(words), []).append(summary)
    return {title: build_defense_table(summaries) for title, summaries in parted.items()}


def _in_one_table(override: str) -> bool:
    return picks_attack_or_defense(override) or changes_attack(override) or changes_defense(override)


def build_defense_table(summaries: Sequence[Mapping[str, Any]]) -> DefenseTable:
    """The table of finished trials, of which no two share defence, attack and whether the attack knows the defence.

    Raises:
        FacetrialError: two do.
    """
    found: dict[tuple[str, str], dict[str, Mapping[str, Any]]] = {}
    of_defense: dict[str, Mapping[str, Any]] = {}
    for summary in summaries:
        defense, attack, kind = _place(summary)
        of_defense.setdefault(defense, summary)
        cell = found.setdefault((defense, attack), {})
        if kind in cell:
            raise FacetrialError(
                f"found two trials of attack={attack} ({kind}) defense={defense}; a table of defences takes one. Give "
                "the trials of a single seed and size."
            )
        cell[kind] = left_robust(summary)
    return DefenseTable(
        sorted(of_defense, key=lambda name: name != "none"),
        list(dict.fromkeys(attack for _, attack in found)),
        {
            place: Cell(*place, adaptive=both.get("adaptive"), naive=both.get("naive"))
            for place, both in found.items()
        },
        of_defense,
        list(summaries),
    )


def _place(summary: Mapping[str, Any]) -> tuple[str, str, str]:
    """A trial's defence, its attack as that is called when it knows the defence, and "adaptive" or "naive".

    Both "naive_pgd (eps=2)" and "pgd (adaptive=false, eps=2)" are "pgd (eps=2)", naive.
    """
    name, _, changed = summary["attack"].partition(" (")
    parts = [part for part in changed.removesuffix(")").split(", ") if part]
    kept = [part for part in parts if not part.startswith("adaptive=")]
    naive = is_naive(summary)
    name = name.removeprefix("naive_") if naive else name
    attack = f"{name} ({', '.join(kept)})" if kept else name
    return summary["defense"], attack, "naive" if naive else "adaptive"
