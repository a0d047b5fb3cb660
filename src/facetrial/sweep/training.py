"""What training a defence brings, beside none: over people and, where a sweep holds several seeds, over trainings."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from facetrial.metrics.flagging import LEFT, robust
from facetrial.metrics.names import changes_defense
from facetrial.report.claims import ONE_RUN, as_sentence, compared, shown_side
from facetrial.report.rendering.components import Cell, Points, Section, Table
from facetrial.report.rendering.formatting import points
from facetrial.statistics.intervals import Interval
from facetrial.statistics.paired import holm, paired_test
from facetrial.statistics.repeats import mean_of_repeats
from facetrial.sweep.runs import FinishedRun, doubted, flags
from facetrial.trial.rows import ATTACKED

_SENTENCES = 8


@dataclass(frozen=True)
class Trained:
    """A trained defence beside none under one attack, on the same pictures, in trials that differ in the seed alone.

    Attributes:
        attack: what both stood trial against.
        defense: its name, and whether a trial of it, or of none, is not trusted.
        by_seed: the share left with it less that left without, seed by seed.
        over_runs: their mean, with an interval over trainings.
        over_people: the difference over all pictures of all trainings, with an interval over people.
        p: of the stricter of both tests.
    """

    attack: str
    defense: str
    by_seed: dict[str, float]
    over_runs: Interval
    over_people: Interval
    p: float


def compare_trained(runs: Sequence[FinishedRun]) -> list[Trained]:
    """Every trained defence beside none, wherever both stood trial in all else alike."""
    plain: dict[tuple[object, str], FinishedRun] = {}
    trained: dict[tuple[str, object], dict[str, FinishedRun]] = {}
    for run in runs:
        rest, seed = _but_defense_and_seed(run), str(run.summary.seed)
        if not run.summary.chosen.defenses:
            plain.setdefault((rest, seed), run)
        elif run.summary.chosen.trained:
            trained.setdefault((run.summary.chosen.defense_name, rest), {}).setdefault(seed, run)
    found = []
    for (defense, rest), by_seed in trained.items():
        pairs = {seed: (plain[rest, seed], run) for seed, run in by_seed.items() if (rest, seed) in plain}
        if (one := _compared(defense, pairs)) is not None:
            found.append(one)
    return found


def training_section(runs: Sequence[FinishedRun]) -> Section | None:
    """What is won by training; None where nothing was trained beside none."""
    found = compare_trained(runs)
    if not found:
        return None
    left = LEFT if flags(run.summary for run in runs) else "recognised"
    several = [one for one in found if len(one.by_seed) > 1]
    corrected = holm([one.p for one in several]).tolist()
    said = [_sentence(one, p, len(several), left) for one, p in zip(several, corrected, strict=True)][
        :_SENTENCES
    ]
    if len(several) < len(found):
        said.append(
            f"{len(found) - len(several)} of {len(found)} differences rest on {ONE_RUN}. Whether training itself "
            "decides is shown by several seeds (seed=0,1,2,3,4)."
        )
    header = [
        "attack",
        "training",
        "runs",
        "won, over people",
        "won, over training runs",
        "run by run, points",
    ]
    lines: list[list[Cell]] = [
        [
            one.attack,
            one.defense,
            len(one.by_seed),
            Points(one.over_people),
            Points(one.over_runs) if len(one.by_seed) > 1 else None,
            ", ".join(points(value) for value in one.by_seed.values()),
        ]
        for one in found
    ]
    return Section(
        "What training brings",
        said,
        f"The share {left} under attack with the trained defence less that without any, on the same pictures. Over "
        "training runs: Student's t on one figure a seed, so of these people. Over people: all runs together, so of "
        "these runs. What training itself does for others is shown where both intervals leave out 0.",
        tables=[Table("Trained defences beside none", header, lines)],
    )


def _sentence(one: Trained, p: float, tests: int, left: str) -> str:
    runs, people = one.over_runs, one.over_people
    ends = f"{points(people.low)} to {points(people.high)}"
    here = shown_side(runs, p)
    if here and shown_side(people, p) == here:
        note = f"over people {ends}"
    else:
        note = (
            f"over people {ends}, which does not show it of others"
            if shown_side(runs)
            else f"over people {ends}"
        )
    claim = compared(
        f"under {one.attack}, training by {one.defense}",
        "none",
        runs,
        p,
        tests=tests,
        left=left,
        over=f"over {runs.n} training runs",
        note=note,
    )
    return as_sentence(claim)


def _compared(defense: str, pairs: dict[str, tuple[FinishedRun, FinishedRun]]) -> Trained | None:
    befores, afters, people, by_seed = [], [], [], {}
    for seed, (without, run) in sorted(pairs.items()):
        if not without.rows.index.equals(run.rows.index):
            continue
        both = ((without.rows["status"] == ATTACKED) & (run.rows["status"] == ATTACKED)).to_numpy()
        if both.any():
            before, after = (robust(one.rows[both]) for one in (without, run))
            by_seed[seed] = float(after.mean() - before.mean())
            befores.append(before)
            afters.append(after)
            people.append(run.rows["identity"].to_numpy()[both])
    if not by_seed:
        return None
    over_people, p_people = paired_test(
        np.concatenate(befores), np.concatenate(afters), np.concatenate(people)
    )
    over_runs, p_runs = mean_of_repeats(list(by_seed.values()), 1 / min(len(one) for one in befores))
    p = max(p_people, p_runs) if len(by_seed) > 1 else p_people
    attack = next(iter(pairs.values()))[1].summary.attack
    name = doubted(defense, (pairs[seed][place].summary for seed in by_seed for place in (0, 1)))
    return Trained(attack, name, by_seed, over_runs, over_people, p)


def _but_defense_and_seed(run: FinishedRun) -> object:
    keys = ("defense=", "seed=")
    kept = (o for o in run.overrides if not o.lstrip("+").startswith(keys) and not changes_defense(o))
    return run.summary.attack, frozenset(kept)
