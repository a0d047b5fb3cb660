"""Any two trials of a sweep, compared picture by picture."""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from facetrial.metrics.flagging import FLAGS_COUNT, LEFT, robust
from facetrial.report.rendering.components import Section, Table
from facetrial.statistics.intervals import METHOD_OF_DIFFERENCES, Interval
from facetrial.statistics.paired import holm, mcnemar, paired_test
from facetrial.sweep.runs import FinishedRun, flags
from facetrial.trial.rows import ATTACKED

FILE = "comparisons.csv"
LEVEL = 0.05
_SHOWN = 30


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
        p_holm: `p` corrected for all comparisons.
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
    p_holm: float = math.nan
    mcnemar_p_holm: float = math.nan
    differs: bool = False


def compare_trials(runs: Sequence[FinishedRun]) -> list[Comparison]:
    """Every two trials on the same pictures: which leaves more robust, recognised or flagged."""
    with_rows = [run for run in runs if (run.folder / "verdicts.csv").is_file()]
    pairs = itertools.combinations(with_rows, 2)
    found = [one for first, second in pairs if (one := _compared(first, second)) is not None]
    corrected = holm([one.p for one in found]).tolist()
    mcnemar_corrected = holm([one.mcnemar_p for one in found]).tolist()
    return [
        replace(one, p_holm=p, mcnemar_p_holm=exact, differs=p < LEVEL)
        for one, p, exact in zip(found, corrected, mcnemar_corrected, strict=True)
    ]


def comparisons_section(runs: Sequence[FinishedRun]) -> Section | None:
    """The pairs of a sweep, those that differ most surely first; None without two trials on the same pictures."""
    ranked = sorted(compare_trials(runs), key=lambda one: (one.p_holm, -abs(one.difference)))
    if not ranked:
        return None
    lines = [
        [
            one.first,
            one.second,
            Interval(one.difference, one.low, one.high, one.n),
            one.n,
            p_in_words(one.p_holm),
            p_in_words(one.mcnemar_p_holm),
            "yes" if one.differs else "not shown",
        ]
        for one in ranked[:_SHOWN]
    ]
    header = [
        "trial", "compared with", "second less first", "pictures", "p, Holm", "McNemar's p, Holm", "differ",
    ]  # fmt: skip
    flagged = flags(run.summary for run in runs)
    left = LEFT if flagged else "recognised"
    few = (
        ""
        if len(ranked) <= _SHOWN
        else f" The table shows the first {_SHOWN} of {len(ranked)} pairs; all are in {FILE}."
    )
    return Section(
        "Any two trials, picture by picture",
        _sentences(ranked, left),
        f"The share {left} under attack in the second trial less that in the first, on the pictures attacked in both, "
        f"with 95 % intervals ({METHOD_OF_DIFFERENCES}). The first p goes with the interval and knows "
        "pictures of one person to be alike; McNemar's exact test takes them as independent. Both are corrected for "
        f"the {len(ranked)} pairs by Holm's method." + few + (f" {FLAGS_COUNT}" if flagged else ""),
        tables=[Table("Pairs of trials", header, lines)],
    )


def p_in_words(p: float) -> str:
    """0.0000123 -> "< 0.001"."""
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def _compared(first: FinishedRun, second: FinishedRun) -> Comparison | None:
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
    )


def _sentences(ranked: Sequence[Comparison], left: str) -> list[str]:
    differ = [one for one in ranked if one.differs]
    pairs = "1 pair" if len(ranked) == 1 else f"{len(ranked)} pairs"
    if not differ:
        return [
            f"Of {pairs} of trials on the same pictures, none is shown to differ after Holm's correction."
        ]
    most = max(differ, key=lambda one: abs(one.difference))
    less, more = (most.first, most.second) if most.difference > 0 else (most.second, most.first)
    low, high = sorted((abs(most.low), abs(most.high)))
    verb = "differs" if len(differ) == 1 else "differ"
    return [
        f"Of {pairs} of trials on the same pictures, {len(differ)} {verb} after Holm's correction.",
        f"They differ most in {less}, which leaves {100 * abs(most.difference):.1f} points fewer {left} than {more} "
        f"(95 % interval {100 * low:.1f} to {100 * high:.1f}).",
    ]
