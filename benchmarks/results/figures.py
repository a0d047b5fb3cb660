"""Figures of finished trials: what docs/results/*.json holds."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from facetrial.core.plain import Measured
from facetrial.metrics.flagging import robust
from facetrial.metrics.tasks.results import OpenSet, OpenSetPoint, OverPeople, Verification, VerificationPoint
from facetrial.report.rendering.formatting import rate_in_words
from facetrial.statistics.intervals import Interval, rate_over_people
from facetrial.statistics.paired import paired_test
from facetrial.statistics.repeats import mean_of_repeats
from facetrial.sweep.class_size import capped_rows
from facetrial.sweep.runs import FinishedRun
from facetrial.trial.rows import ATTACKED

SHARE, POINTS, SIZE, ODDS, RMS = "%", "points", "1/255", "odds", "rms"


@dataclass(frozen=True)
class Trial:
    """A finished trial: the network's name, the values of its command line by key, the command, and what it left."""

    network: str
    values: Mapping[str, str]
    command: str
    run: FinishedRun

    @property
    def attacked(self) -> pd.DataFrame:
        """Verdict rows of the pictures that could be attacked."""
        return self.run.rows[self.run.rows["status"] == ATTACKED]

    def row(self, *keys: str) -> str:
        """What its row is called: "FaceNet, rms 0.1"."""
        known = [key for key in keys if key in self.values]
        return ", ".join(
            [self.network, *(f"{key.replace('/', '.').split('.')[-1]} {self.values[key]}" for key in known)]
        )


@dataclass(frozen=True)
class Figure:
    """A figure of a table.

    Attributes:
        row, column: where it stands.
        unit: "%" and "points" of shares in [0, 1]; "1/255" of a size, "odds" of a factor, "rms" in [0, 1] units.
        value, low, high: with its 95 % interval.
        n: pictures, or pairs of pictures.
        people: who are on them.
        seeds: of the trials.
        commands: that made them.
        failed: checks that a trial did not pass, but for those that an attack on purpose weak cannot.
        p: that there is no difference, not corrected; None of what is no difference.
    """

    row: str
    column: str
    unit: str
    value: Measured
    low: Measured
    high: Measured
    n: int
    people: int
    seeds: tuple[int, ...]
    commands: tuple[str, ...]
    failed: tuple[str, ...] = ()
    p: float | None = None


def figure(row: str, column: str, found: Interval, trials: Sequence[Trial], unit: str = SHARE,
           people: int | None = None, p: float | None = None) -> Figure:  # fmt: skip
    """A figure of trials; `people` are those on their pictures, where nothing else is said."""
    summaries = [one.run.summary for one in trials]
    failed = {check for one in summaries if not one.only_naive for check in one.failed_checks}
    return Figure(
        row, column, unit, found.value, found.low, found.high, found.n,
        people or len(set().union(*(one.run.rows["identity"] for one in trials))),
        tuple(sorted({one.seed for one in summaries})), tuple(one.command for one in trials), tuple(sorted(failed)), p,
    )  # fmt: skip


def _left(rows: Sequence[pd.DataFrame]) -> Interval:
    joined = pd.concat(rows)
    return rate_over_people(robust(joined), joined["identity"].to_numpy())


def _paired(first: Sequence[pd.DataFrame], second: Sequence[pd.DataFrame]) -> tuple[Interval, float]:
    """What is left of `second` less what is left of `first`, on the pictures that are in both."""
    shared = [one.index.intersection(two.index) for one, two in zip(first, second, strict=True)]
    before, after = (
        pd.concat([rows.loc[kept] for rows, kept in zip(side, shared, strict=True)])
        for side in (first, second)
    )
    return paired_test(robust(before), robust(after), before["identity"].to_numpy())


def _grouped(trials: Sequence[Trial], *keys: str) -> dict[str, list[Trial]]:
    groups: dict[str, list[Trial]] = {}
    for trial in trials:
        groups.setdefault(trial.row(*keys), []).append(trial)
    return groups


def left(trials: Sequence[Trial]) -> Iterator[Figure]:
    """What each attack leaves behind each defence."""
    for trial in trials:
        yield figure(trial.row("defense"), trial.values["attack"], trial.run.summary.left_robust, [trial])


def places(trials: Sequence[Trial]) -> Iterator[Figure]:
    """What noise leaves wherever it is, and on the landmarks less elsewhere, at each level."""
    for row, group in _grouped(trials, "attack.budget.rms").items():
        of = {trial.values["attack"]: trial for trial in group}
        for name, trial in of.items():
            yield figure(row, name, trial.run.summary.left_robust, [trial])
        marks = of["landmarks"]
        for other in ("random", "scattered"):
            found, p = _paired([of[other].attacked], [marks.attacked])
            yield figure(row, f"landmarks less {other}", found, [of[other], marks], POINTS, p=p)
        rows = marks.attacked
        strength = float((rows["rms"] / np.sqrt(rows["region_area"])).mean())
        yield figure(
            row, "rms on the landmarks", Interval(strength, math.nan, math.nan, len(rows)), [marks], RMS
        )
        short = rate_over_people(~rows["reached"].to_numpy(bool), rows["identity"].to_numpy())
        yield figure(row, "below its budget there", short, [marks])


def doubling(trials: Sequence[Trial]) -> Iterator[Figure]:
    """The odds per doubling of the number of training pictures, with each head that the trial tells of."""
    for trial in trials:
        row, size = trial.row("attack.budget.rms", "model/head"), trial.run.summary.class_size
        yield figure(row, "left", trial.run.summary.left_robust, [trial])
        odds = {
            "odds per doubling": getattr(getattr(size, "own", size), "doubling", None),
            "odds, gallery head": getattr(getattr(size, "gallery", None), "doubling", None),
            "the head's share": getattr(size, "ratio", None),
        }
        for column, found in odds.items():
            if isinstance(found, Interval):
                yield figure(row, column, found, [trial], ODDS, size.people)


def caps(trials: Sequence[Trial]) -> Iterator[Figure]:
    """What is left of the people whose training pictures were cut, at each cap, and with most less with fewest."""
    for row, group in _grouped(trials, "model/head").items():
        of = {int(trial.values["data.train_pictures"]): trial for trial in group}
        caps = sorted(of)
        capped = dict(zip(caps, capped_rows([of[cap].run for cap in caps]), strict=True))
        who = capped[min(of)]["identity"].nunique()
        for cap, rows in capped.items():
            yield figure(row, f"at most {cap}", _left([rows]), [of[cap]], people=who)
        found, p = _paired([capped[min(of)]], [capped[max(of)]])
        yield figure(row, "most less fewest", found, [of[min(of)], of[max(of)]], POINTS, who, p)


def over_seeds(trials: Sequence[Trial]) -> Iterator[Figure]:
    """What is left without a defence and with one, of all seeds, and what is won, over seeds and over people."""
    for row, group in _grouped(trials, "attack").items():
        of = _grouped(sorted(group, key=lambda one: one.run.summary.seed), "defense")
        sides = [[one.attacked for one in several] for several in of.values()]
        for several, rows in zip(of.values(), sides, strict=True):
            yield figure(row, several[0].values["defense"], _left(rows), several)
        found, p = _paired(*sides)
        won = [_paired([one], [two])[0].value for one, two in zip(*sides, strict=True)]
        student = replace(mean_of_repeats(won)[0], n=found.n)
        yield figure(row, "won, over seeds", student, group, POINTS)
        yield figure(row, "won, over people", found, group, POINTS, p=p)


def clean(trials: Sequence[Trial]) -> Iterator[Figure]:
    """Clean pictures: who is it, is it the same person, is it anybody; a column for each network."""
    for trial in trials:
        tasks = trial.run.summary.tasks
        summary = trial.run.summary
        found = [("recognised", summary.clean_accuracy, None)]
        if summary.over_people is not None:
            found += [("recognised, mean over people", summary.over_people.clean_accuracy, None)]
        shares: list[tuple[str, OverPeople]] = []
        if isinstance(pairs := tasks.verification, Verification):
            shares += [("all pairs: equal error rate", pairs.eer)]
            for one in pairs.points:
                if isinstance(one, VerificationPoint):
                    rate = rate_in_words(one.wanted)
                    shares += [(f"all pairs: accepted at {rate} false accepts", one.tar)]
                    shares += [(f"all pairs: falsely accepted at the threshold for {rate}", one.far)]
        if isinstance(known := tasks.open_set, OpenSet):
            for point in known.points:
                if isinstance(point, OpenSetPoint):
                    rate = rate_in_words(point.wanted)
                    shares += [(f"half known: named at {rate} false alarms", point.identified)]
                    shares += [(f"half known: false alarms at the threshold for {rate}", point.false_alarms)]
        found += [(what, share.over_people["clean"], share.people["clean"]) for what, share in shares]
        yield from (figure(what, trial.network, share, [trial], people=who) for what, share, who in found)


def curves(trials: Sequence[Trial]) -> Iterator[Figure]:
    """The security curve, a row for each region."""
    for trial in trials:
        curve = trial.run.summary.curve
        for point in curve.points:
            yield figure(trial.row("attack/region"), f"{point.size:g}/255", point, [trial])
        yield figure(trial.row("attack/region"), "median smallest", curve.median, [trial], SIZE)


def sent(trials: Sequence[Trial]) -> Iterator[Figure]:
    """What is recognised on each path, a row for each."""
    for trial in trials:
        for path in trial.run.summary.physical.paths:
            yield figure(f"{trial.network}, {path.label}", "clean", path.clean, [trial])
            yield figure(f"{trial.network}, {path.label}", "attacked", path.attacked, [trial])
