"""Trials of defended recognisers, made up."""

from pathlib import Path

import numpy as np

from facetrial.metrics.flagging import flagging_summary
from facetrial.metrics.parts import Cost, Outcome
from facetrial.metrics.summary import TrialSummary
from facetrial.sweep.runs import FinishedRun, Run, finished_runs
from tests.helpers.made_up import CHECKS, about, made_up_rows, made_up_summary


def defended_trials() -> list[TrialSummary]:
    return [
        trial("pgd", "jpeg", 0.3),
        trial("pgd", "jpeg", 0.9, naive=True, attack_changes={"adaptive": "false"}),
        trial("pgd", "none", 0.2),
        trial("random", "none", 0.95),
        trial("pgd", "squeezing", 0.2, flagged=True),
    ]


PEOPLE = {"A": 20, "B": 30}


COSTS = Cost(train_seconds=120.0, answers_per_second=50.0, pictures_timed=16)


NOT_ADAPTIVE = {"adaptive": Outcome(False, "the attack knows nothing of jpeg")}


def trial(attack, defense, left, flagged=False, naive=False, **changes):
    rows = made_up_rows(PEOPLE, attacked=left)
    if flagged:
        for version, shift in (("clean", -1.0), ("attacked", 1.0), ("8bit", 1.0)):
            rows[f"suspicion_{version}"] = np.random.default_rng(0).normal(shift, 1.0, len(rows))
            rows[f"flagged_{version}"] = rows[f"suspicion_{version}"] > 1
    return made_up_summary(
        rows,
        about(attack=attack, defense=defense, **changes),
        {"A": 60, "B": 90},
        CHECKS | (NOT_ADAPTIVE if naive else {}),
        attack_parts={"method": {"of": attack.removeprefix("naive_")}, "adaptive": not naive},
        cost=COSTS,
        flagging=flagging_summary(rows, "dodging") if flagged else None,
    )


def sweep_of(*runs) -> list[FinishedRun]:
    """Runs of a sweep, from a summary and what each was started with."""
    return finished_runs(
        [
            Run(Path(str(number)), tuple(overrides), summary)
            for number, (summary, *overrides) in enumerate(runs)
        ]
    )
