"""Comparisons that were planned: named by the experiment, before anybody saw a result."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from facetrial.core.errors import FacetrialError
from facetrial.sweep.runs import AnyRun, FinishedRun, Run, own_overrides

_KEY = "hydra.callbacks.sweep.comparisons"
_EXAMPLE = "{of: defense, against: none}"
_SAID = 8  # pairs that are named


@dataclass(frozen=True)
class Plan:
    """Each value of a key of the command line, beside one of them: all else that runs were started with is the same.

    Attributes:
        of: the key: "defense", "attack/region".
        against: the value that the others are compared with.
        each: the values that are compared with it; None takes all that the sweep has.
        only: what the command line of both must say besides: "attack=pgd".
    """

    of: str
    against: str
    each: tuple[str, ...] | None = None
    only: tuple[str, ...] = ()

    @property
    def in_words(self) -> str:
        """ "each defense against none, where attack=pgd"."""
        each = "each" if self.each is None else " and ".join(self.each)
        where = f", where {' and '.join(self.only)}" if self.only else ""
        return f"{each} of {self.of} against {self.against}{where}"

    def pairs(self, runs: Sequence[AnyRun]) -> list[tuple[AnyRun, AnyRun]]:
        """Every pair: first the run that the second is compared with."""
        told = [(run, _told(run)) for run in runs if set(self.only) <= set(run.overrides)]
        first = {_rest(said, self.of): run for run, said in told if said.get(self.of) == self.against}
        return [
            (first[rest], run)
            for run, said in told
            if (value := said.get(self.of)) is not None
            and value != self.against
            and (self.each is None or value in self.each)
            and (rest := _rest(said, self.of)) in first
        ]


def not_made(
    plans: Sequence[Plan], runs: Sequence[Run | FinishedRun], made: Collection[frozenset[str]]
) -> list[str]:
    """What was planned and not compared, in sentences: its p is not among those that are corrected.

    Args:
        plans: of the sweep.
        runs: all of them, finished or not.
        made: the names of the folders of every two trials that were compared.
    """
    absent, lost = [], []
    for plan in plans:
        pairs = plan.pairs(runs)
        there = {_told(run)[plan.of] for _, run in pairs} | {plan.against}
        if not pairs:
            absent.append(plan.in_words)
        elif missing := tuple(value for value in plan.each or () if value not in there):
            absent.append(replace(plan, each=missing).in_words)
        lost += [pair for pair in pairs if frozenset(run.folder.name for run in pair) not in made]
    said = [f"Planned, but not in this sweep: {'; '.join(absent)}."] if absent else []
    if lost:
        names = [
            "{1} with {0}".format(*(" ".join(own_overrides(run, runs)) for run in pair)) for pair in lost
        ]
        more = f"; and {len(names) - _SAID} more" if len(names) > _SAID else ""
        said.append(
            "Planned, but not compared, since one of both has not finished or they share no picture that was attacked: "
            f"{'; '.join(names[:_SAID])}{more}."
        )
    return said


def read_plans(comparisons: Sequence[Mapping[str, Any]]) -> tuple[Plan, ...]:
    """The plans of a sweep, as its config names them.

    Raises:
        FacetrialError: one is none, saying which.
    """
    return tuple(_read(number, one) for number, one in enumerate(comparisons))


def _read(number: int, one: Any) -> Plan:
    known = {"of", "against", "each", "only"}
    if not isinstance(one, Mapping) or not {"of", "against"} <= set(one) <= known:
        found = sorted(map(str, one)) if isinstance(one, Mapping) else one
        raise FacetrialError(
            f"{_KEY}[{number}] must have of and against, and may have each and only, such as {_EXAMPLE}; found {found}."
        )
    lists = {key: one[key] for key in ("each", "only") if one.get(key) is not None}
    for key, value in lists.items():
        if isinstance(value, str) or not isinstance(value, Sequence):
            raise FacetrialError(f"{_KEY}[{number}].{key} must be a list, found {value!r}.")
    made = {key: tuple(map(_word, value)) for key, value in lists.items()}
    return Plan(_word(one["of"]), _word(one["against"]), **made)


def _word(value: Any) -> str:
    """A value as a command line says it."""
    if value is None or isinstance(value, bool):
        return "null" if value is None else str(value).lower()
    return str(value)


def _told(run: Run | FinishedRun) -> dict[str, str]:
    return {
        key.lstrip("+"): value for key, _, value in (override.partition("=") for override in run.overrides)
    }


def _rest(said: Mapping[str, str], key: str) -> frozenset[tuple[str, str]]:
    return frozenset(item for item in said.items() if item[0] != key)
