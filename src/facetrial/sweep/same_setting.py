"""Which runs of a sweep differ in nothing but what is compared, such as the region, and how to name the others."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from facetrial.sweep.runs import Run

_SAID = ("embedder", "data", "limit", "goal")  # where they differ


def without_region(attack: str) -> str:
    """An attack's name less its region and how large that is.

    >>> without_region("pgd (region=eyes, eps=4)"), without_region("pgd (region=eyes, area=0.1)"), without_region("pgd")
    ('pgd (eps=4)', 'pgd', 'pgd')
    """
    name, _, words = attack.removesuffix(")").partition(" (")
    kept = [word for word in words.split(", ") if word and not word.startswith(("region", "area="))]
    return f"{name} ({', '.join(kept)})" if kept else name


def setting(summary: Mapping[str, Any], region: bool = True) -> tuple:
    """All that a trial was, but for the training pictures, as something to compare by.

    Args:
        region: whether the region is part of it.
    """
    return (
        _attack(summary, region),
        summary["defense"],
        summary["seed"],
        *(summary[key] for key in _SAID),
        _parts(summary, region),
    )


def titles(runs: Sequence[Run], region: bool = True) -> list[str]:
    """For each run, one of each setting: attack, defence and seed, and what else sets it apart from the others."""
    varied = [key for key in _SAID if len({run.summary[key] for run in runs}) > 1]
    names = [_title(run.summary, varied, region) for run in runs]
    if len(set(names)) < len(names):  # sizes that the attack's name does not tell
        names = [f"{name}, {_budget(run.summary)}" for name, run in zip(names, runs, strict=True)]
    return names


def _title(summary: Mapping[str, Any], varied: Sequence[str], region: bool) -> str:
    more = [str(summary[key]) if key != "limit" else f"limit {summary[key]}" for key in varied]
    return ", ".join([f"{_attack(summary, region)} / {summary['defense']}", f"seed {summary['seed']}", *more])


def _attack(summary: Mapping[str, Any], region: bool) -> str:
    return summary["attack"] if region else without_region(summary["attack"])


def _budget(summary: Mapping[str, Any]) -> str:
    budget = (summary.get("attack_parts") or {}).get("budget") or {}
    return ", ".join(f"{name}={value}" for name, value in budget.items() if name != "_target_")


def _parts(summary: Mapping[str, Any], region: bool) -> str:
    parts = dict(summary.get("attack_parts") or {})
    if not region:
        parts.pop("region", None)
        method = parts.get("method") or {}
        parts["method"] = {
            key: value for key, value in method.items() if key != "shape"
        }  # which is the region
    return json.dumps(parts, sort_keys=True, default=str)
