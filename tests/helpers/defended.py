"""Trials of defended recognisers, made up."""

from pathlib import Path

import numpy as np

from facetrial.metrics.flagging import flagging_summary
from facetrial.metrics.summary import summarise
from facetrial.sweep.runs import Run
from tests.helpers.made_up import CHECKS, about, made_up_rows


def defended_trials() -> list[dict]:
    return [
        trial("pgd", "jpeg", 0.3),
        trial("pgd (adaptive=false)", "jpeg", 0.9, naive=True),
        trial("pgd", "none", 0.2),
        trial("random", "none", 0.95),
        trial("pgd", "squeezing", 0.2, flagged=True),
    ]


PEOPLE = {"A": 20, "B": 30}


COSTS = {"train_seconds": 120.0, "answers_per_second": 50.0, "pictures_timed": 16}


NOT_ADAPTIVE = {"adaptive": {"passed": False, "detail": "the attack knows nothing of jpeg"}}


def trial(attack, defense, left, flagged=False, naive=False, **changes):
    rows = made_up_rows(PEOPLE, attacked=left)
    if flagged:
        for version, shift in (("clean", -1.0), ("attacked", 1.0), ("8bit", 1.0)):
            rows[f"suspicion_{version}"] = np.random.default_rng(0).normal(shift, 1.0, len(rows))
            rows[f"flagged_{version}"] = rows[f"suspicion_{version}"] > 1
    told = about(attack=attack, defense=defense, cost=COSTS, **changes)
    checks = CHECKS | (NOT_ADAPTIVE if naive else {})
    summary = summarise(rows, told, {"A": 60, "B": 90}, checks) | {"attack_parts": {"adaptive": not naive}}
    if flagged:
        summary["flagging"] = flagging_summary(rows, "dodging")
    return summary


def sweep_of(*runs):
    """Runs of a sweep, from a summary and what each was started with."""
    return [Run(Path(str(number)), overrides, summary) for number, (summary, *overrides) in enumerate(runs)]
