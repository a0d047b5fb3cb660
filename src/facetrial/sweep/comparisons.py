"""Trials of a sweep, compared picture by picture: those that were planned, and, apart from them, all others."""

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from facetrial.metrics.flagging import FLAGS_COUNT, LEFT, robust
from facetrial.report.claims import ONE_RUN, as_sentence, compared, p_in_words
from facetrial.report.rendering.components import Points, Section, Table
from facetrial.statistics.intervals import METHOD_OF_DIFFERENCES, Interval
from facetrial.statistics.paired import holm, mcnemar, paired_test
from facetrial.statistics.power import LEVEL
from facetrial.sweep.planned import Plan, not_made
from facetrial.sweep.runs import FinishedRun, Run, flags
from facetrial.trial.rows import ATTACKED

FILE = "comparisons.csv"
_SHOWN = {True: 150, False: 30}  # lines of a table, of planned pairs and of others
_SENTENCES = 8  # of planned pairs, one each, where they are no more


@dataclass(frozen=True)
class Comparison:
    """Two trials on the same pictures: a line of `comparisons.csv`.

    Attributes:
        first: name of a trial.
        second: of the other.
        run_first: folder of the first.
        run_second: of the other.
        n: pictures attacked in both.
        left_first: share of these left by the first: recognised or flagged.
        left_second: by the other.
        difference: the share left by the second less that by the first.
        low: of its 95 % interval.
        high: of its 95 % interval.
        gains: pictures left by the second only.
        losses: by the first only.
        p: knows pictures of one person to be alike: `paired_test`.
        mcnemar_p: exact, pictures as independent.
        synthetic: whether faces of either are drawn.
        planned: whether the experiment named it before; all others are exploratory.
        p_holm: `p` corrected for all planned comparisons, of an exploratory one for all of these.
        mcnemar_p_holm: the same of `mcnemar_p`.
        differs: whether `p_holm` is below 0.05.
    """

    first: str
    second: str
    run_first: str
    run_second: str
    n: int
    left_first: float
    left_second: float
    difference: float
    low: float
    high: float
    gains: int
    losses: int
    p: float
    mcnemar_p: float
    synthetic: bool
    planned: bool = False
    p_holm: float = math.nan
    mcnemar_p_holm: float = math.nan
    differs: bool = False


def compare_trials(runs: Sequence[FinishedRun], plans: Sequence[Plan] = ()) -> list[Comparison]:
    """Every two trials on the same pictures: which leaves more robust, recognised or flagged; planned ones first.

    Planned comparisons are corrected among themselves, and so are all others.
    """
    with_rows = [run for run in runs if (run.folder / "verdicts.csv").is_file()]
    planned = {
        frozenset((first.folder, second.folder)): (first, second)
        for plan in plans
        for first, second in plan.pairs(with_rows)
    }
    others = [
        pair
        for pair in itertools.combinations(with_rows, 2)
        if frozenset(run.folder for run in pair) not in planned
    ]
    return [
        *_corrected(
            [one for pair in planned.values() if (one := _compared(*pair, planned=True)) is not None]
        ),
        *_corrected([one for pair in others if (one := _compared(*pair, planned=False)) is not None]),
    ]


def comparisons_section(
    runs: Sequence[FinishedRun], plans: Sequence[Plan] = (), started: Sequence[Run] | None = None
) -> Section | None:
    """Planned pairs of a sweep and, in a table of their own, all others; None without two trials on the same pictures.

    In each table those that differ most surely stand first.

    Args:
        runs: that have finished.
        plans: of the sweep.
        started: all runs, finished or not; by default these.
    """
    found = compare_trials(runs, plans)
    if not found:
        return None
    ranked = sorted(found, key=lambda one: (one.p_holm, -abs(one.difference)))
    flagged = flags(run.summary for run in runs)
    left = LEFT if flagged else "recognised"
    trained = {run.folder.name: run.summary.chosen.trained for run in runs}
    planned, others = ([one for one in ranked if one.planned is which] for which in (True, False))
    said = _planned_sentences(planned, left, trained) + _other_sentences(others, left, bool(planned))
    made = [frozenset((one.run_first, one.run_second)) for one in found]
    said += not_made(plans, runs if started is None else started, made)
    few = [
        f" The table shows the first {_SHOWN[one[0].planned]} of {len(one)} pairs; all are in {FILE}."
        for one in (planned, others)
        if one and len(one) > _SHOWN[one[0].planned]
    ]
    return Section(
        "Trials compared, picture by picture",
        said,
        f"The share {left} under attack in the second trial less that in the first, on the pictures attacked in both, "
        f"with 95 % intervals ({METHOD_OF_DIFFERENCES}). The first p goes with the interval and knows "
        "pictures of one person to be alike; McNemar's exact test takes them as independent. Both are corrected by "
        "Holm's method, planned comparisons among themselves and the others among themselves."
        + "".join(few)
        + (f" {FLAGS_COUNT}" if flagged else ""),
        tables=[
            _table(title, some)
            for title, some in (
                ("Planned comparisons", planned),
                (f"Exploratory: all {'other ' if planned else ''}pairs", others),
            )
            if some
        ],
    )


def _table(title: str, ranked: Sequence[Comparison]) -> Table:
    header = [
        "trial", "compared with", "second less first", "pictures", "p, Holm", "McNemar's p, Holm", "differ",
    ]  # fmt: skip
    lines = [
        [
            one.first,
            one.second,
            Points(_interval(one)),
            one.n,
            p_in_words(one.p_holm),
            p_in_words(one.mcnemar_p_holm),
            "yes" if one.differs else "not shown",
        ]
        for one in ranked[: _SHOWN[ranked[0].planned]]
    ]
    return Table(title, header, lines)


def _interval(one: Comparison) -> Interval:
    return Interval(one.difference, one.low, one.high, one.n)


def _corrected(found: Sequence[Comparison]) -> list[Comparison]:
    corrected = holm([one.p for one in found]).tolist()
    mcnemar_corrected = holm([one.mcnemar_p for one in found]).tolist()
    return [
        replace(one, p_holm=p, mcnemar_p_holm=exact, differs=p < LEVEL)
        for one, p, exact in zip(found, corrected, mcnemar_corrected, strict=True)
    ]


def _compared(first: FinishedRun, second: FinishedRun, planned: bool) -> Comparison | None:
    if not first.rows.index.equals(second.rows.index):
        return None
    both = ((first.rows["status"] == ATTACKED) & (second.rows["status"] == ATTACKED)).to_numpy()
    if not both.any():
        return None
    before, after = (robust(one.rows[both]) for one in (first, second))
    people = first.rows["identity"].to_numpy()[both]
    difference, p = paired_test(before, after, people)
    return Comparison(
        first=first.name,
        second=second.name,
        run_first=first.folder.name,
        run_second=second.folder.name,
        n=difference.n,
        left_first=float(before.mean()),
        left_second=float(after.mean()),
        difference=difference.value,
        low=difference.low,
        high=difference.high,
        gains=int((after & ~before).sum()),
        losses=int((before & ~after).sum()),
        p=p,
        mcnemar_p=mcnemar(before, after),
        synthetic=first.summary.synthetic or second.summary.synthetic,
        planned=planned,
    )


def _planned_sentences(
    ranked: Sequence[Comparison], left: str, trained: Mapping[str, Sequence[str]]
) -> list[str]:
    if not ranked:
        return []

    def said(one: Comparison) -> str:
        note = ONE_RUN if trained[one.run_first] != trained[one.run_second] else ""
        return compared(
            one.second, one.first, _interval(one), one.p_holm, tests=len(ranked), left=left, note=note
        )

    differ = [one for one in ranked if one.differs]
    verb = "are" if len(differ) > 1 else "is"
    count = f"Of {_pairs(len(ranked), 'planned comparison')}, {len(differ) or 'none'} {verb} shown to differ"
    if len(ranked) <= _SENTENCES:
        return [f"{count}.", *(as_sentence(said(one)) for one in ranked)]
    most = [max(differ, key=lambda one: abs(one.difference))] if differ else []
    return [f"{count} after Holm's correction.", *(f"The most: {said(one)}." for one in most)]


def _other_sentences(ranked: Sequence[Comparison], left: str, beside_planned: bool) -> list[str]:
    if not ranked:
        return []
    differ = [one for one in ranked if one.differs]
    verb = "differs" if len(differ) == 1 else "differ"
    which = (
        f"Exploratory, since nobody planned them: of {_pairs(len(ranked), 'other pair')}"
        if beside_planned
        else f"No comparison was planned, so that all are exploratory: of {_pairs(len(ranked), 'pair')}"
    )
    if not differ:
        return [f"{which} of trials on the same pictures, none is shown to differ after Holm's correction."]
    said = [f"{which} of trials on the same pictures, {len(differ)} {verb} after Holm's correction."]
    if not beside_planned:
        most = max(differ, key=lambda one: abs(one.difference))
        claim = compared(most.second, most.first, _interval(most), most.p_holm, tests=len(ranked), left=left)
        said.append(f"The most, picked for it and so likely too large: {claim}.")
    return said


def _pairs(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"
