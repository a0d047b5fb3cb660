"""What tells the runs of a sweep apart, in words."""

from collections.abc import Sequence

from facetrial.metrics.names import changes_attack
from facetrial.sweep.runs import Run


def in_names(override: str) -> bool:
    """Whether a summary's names of attack and defence say it."""
    return override.startswith(("attack=", "defense=")) or changes_attack(override)


def own_overrides(run: Run, runs: Sequence[Run]) -> list[str]:
    """What `run` was started with, less what all runs were started with."""
    return [override for override in run.overrides if not all(override in other.overrides for other in runs)]


def run_name(run: Run, runs: Sequence[Run]) -> str:
    """What tells a finished run from the others: "landmarks / adv, seed=1"."""
    further = [o for o in own_overrides(run, runs) if not in_names(o)]
    return ", ".join([f"{run.summary['attack']} / {run.summary['defense']}", *further])
