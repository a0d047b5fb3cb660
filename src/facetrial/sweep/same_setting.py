"""Which runs of a sweep differ in nothing but what is compared, such as the region, and how to name the others."""

import json
from collections.abc import Hashable, Sequence

from facetrial.metrics.summary import TrialSummary
from facetrial.sweep.runs import FinishedRun

_SAID = ("embedder", "head", "data", "limit", "goal")  # where they differ


def setting(run: FinishedRun, region: bool = True, head: bool = True) -> Hashable:
    """All that a trial was, but for the training pictures, as something to compare by.

    Args:
        region: whether the region is part of it.
        head: whether the victim's head is.
    """
    summary, parts = run.summary, dict(run.summary.attack_parts)
    if not region:
        parts.pop("region", None)
        if isinstance(method := parts.get("method"), dict):
            parts["method"] = {key: value for key, value in method.items() if key != "shape"}  # the region
    said = [getattr(summary, key) for key in _SAID if head or key != "head"]
    about = [summary.defense, summary.chosen.defense_name, summary.seed, *said]
    return _attack(summary, region), *about, json.dumps(parts, sort_keys=True), _further(run, head)


def _further(run: FinishedRun, head: bool = True) -> frozenset[str]:
    """What else of recogniser, data and training a run was started with, that is not said or compared already."""
    keys = ("embedder.", "data.", "model.", "trainer.")
    compared = ("data.train_pictures", "data.limit=", *(() if head else ("model.head.",)))
    started = (word for word in run.overrides if word.lstrip("+").startswith(keys))
    return frozenset(word for word in started if not word.lstrip("+").startswith(compared))


def titles(runs: Sequence[FinishedRun], region: bool = True) -> list[str]:
    """For each run, one of each setting: attack, defence and seed, and what else sets it apart from the others."""
    summaries = [run.summary for run in runs]
    varied = [key for key in _SAID if len({getattr(summary, key) for summary in summaries}) > 1]
    words = [_further(run) for run in runs]
    shared = frozenset.intersection(*words) if words else frozenset()
    names = [
        ", ".join([_title(summary, varied, region), *sorted(more - shared)])
        for summary, more in zip(summaries, words, strict=True)
    ]
    if len(set(names)) < len(names):  # sizes that the attack's name does not tell
        names = [f"{name}, {_budget(one)}" for name, one in zip(names, summaries, strict=True)]
    return names


def _title(summary: TrialSummary, varied: Sequence[str], region: bool) -> str:
    more = [f"limit {summary.limit}" if key == "limit" else getattr(summary, key) for key in varied]
    return ", ".join(
        [f"{_attack(summary, region)} / {summary.chosen.defense_name}", f"seed {summary.seed}", *more]
    )


def _attack(summary: TrialSummary, region: bool) -> str:
    return summary.attack if region else summary.chosen.without("region").attack_name


def _budget(summary: TrialSummary) -> str:
    budget = summary.attack_parts.get("budget")
    settings = budget.items() if isinstance(budget, dict) else ()
    return ", ".join(f"{name}={value}" for name, value in settings if name != "_target_")
