"""The plan of docs/results.md, as tables.yaml has it."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

_PLAN: dict[str, Any] = yaml.safe_load(Path(__file__).with_name("tables.yaml").read_text(encoding="utf-8"))
HEAD: str = _PLAN["head"]
COMMITS: Mapping[str, str] = _PLAN["commits"]
PLACES = ("LFW", *(network["embedder.weights"] for network in _PLAN["networks"].values()))


@dataclass(frozen=True)
class Sweep:
    """Trials of one command line.

    Attributes:
        network: whose name the rows of tables begin with.
        values: of the command line by key, several with commas between them.
    """

    network: str
    values: Mapping[str, str]

    def trials(self) -> list[dict[str, str]]:
        """The values of each of its trials."""
        several = [[(key, one) for one in value.split(",")] for key, value in self.values.items()]
        return [dict(chosen) for chosen in itertools.product(*several)]


@dataclass(frozen=True)
class Table:
    """A table of the page; tables.yaml tells what its parts are."""

    title: str
    text: str
    read: str
    sweeps: Sequence[Mapping[str, Mapping[str, Any]]]
    claims: Mapping[str, tuple[str, str, str]] = field(default_factory=dict)

    def commands(self, small: bool = False) -> list[Sweep]:
        """Its sweeps with all that their command lines say; `small`: on a few drawn faces."""
        found = []
        for network, own in (item for sweep in self.sweeps for item in sweep.items()):
            values = (
                _PLAN["shared"] | _PLAN["networks"][network] | dict(own) | (_PLAN["small"] if small else {})
            )
            found.append(
                Sweep(network, {key: str(value) for key, value in values.items() if value is not None})
            )
        return found


TABLES = {name: Table(**parts) for name, parts in _PLAN["tables"].items()}
