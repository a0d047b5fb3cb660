"""Any two trials of a sweep, compared picture by picture."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from facetrial.metrics.flagging import FLAGS_COUNT, LEFT, has_detector, robust
from facetrial.report.rendering.components import Section, Table
from facetrial.statistics.paired import holm, mcnemar, paired_test
from facetrial.sweep.names import run_name
from facetrial.sweep.runs import Run
from facetrial.trial.rows import ATTACKED, read_rows, write_rows

FILE = "comparisons.csv"
LEVEL = 0.05
_RESAMPLES = 1000
_SHOWN = 30


@dataclass(frozen=True)
class _Verdicts:
    """Of a trial: who is on each picture, which were attacked, and which are recognised; indexed by file."""

    name: str
    folder: str
    synthetic: bool
    rows: pd.DataFrame


def compare_trials(runs: Sequence[Run]) -> pd.DataFrame:
    """Every two finished trials on the same pictures: which leaves more robust, recognised or flagged.

    Returns:
        A line a pair: `first`, `second` (names), `run_first`, `run_second` (folders), `n` (pictures attacked in both),
        `left_first`, `left_second`, `difference` with `low` and `high` (the share left by the second less that by
        the first), `gains` and `losses` (pictures left by the second or the first only), `p` (knows pictures
        of one person to be alike: `paired_test`), `p_holm`, `mcnemar_p` (exact, pictures as independent),
        `mcnemar_p_holm`, `differs` (whether `p_holm` is below 0.05) and `synthetic`. No line where no two trials have
        the same pictures.
    """
    verdicts = _read(runs)
    lines = [
        line
        for first, second in itertools.combinations(verdicts, 2)
        if (line := _compared(first, second)) is not None
    ]
    table = pd.DataFrame(lines)
    if lines:
        for p in ("p", "mcnemar_p"):
            table[f"{p}_holm"] = holm(table[p].to_numpy())
        table["differs"] = table["p_holm"] < LEVEL
    return table


def write_comparisons(table: pd.DataFrame, folder: str | Path) -> Path:
    """Writes `comparisons.csv`."""
    path = Path(folder) / FILE
    write_rows(table, path)
    return path


def comparisons_section(runs: Sequence[Run]) -> Section | None:
    """The pairs of a sweep, those that differ most surely first; None without two trials on the same pictures."""
    table = compare_trials(runs)
    if not len(table):
        return None
    ranked = table.assign(size=table["difference"].abs()).sort_values(
        ["p_holm", "size"], ascending=[True, False], kind="stable"
    )
    lines = [
        [
            line["first"],
            line["second"],
            {"value": line["difference"], "low": line["low"], "high": line["high"], "n": line["n"]},
            line["n"],
            p_in_words(line["p_holm"]),
            p_in_words(line["mcnemar_p_holm"]),
            "yes" if line["differs"] else "not shown",
        ]
        for line in ranked[:_SHOWN].to_dict("records")
    ]
    header = [
        "trial", "compared with", "second less first", "pictures", "p, Holm", "McNemar's p, Holm", "differ",
    ]  # fmt: skip
    flags = any(has_detector(run.summary) for run in runs if run.summary is not None)
    left = LEFT if flags else "recognised"
    few = (
        ""
        if len(table) <= _SHOWN
        else f" The table shows the first {_SHOWN} of {len(table)} pairs; all are in {FILE}."
    )
    return Section(
        "Any two trials, picture by picture",
        _sentences(ranked, left),
        f"The share {left} under attack in the second trial less that in the first, on the pictures attacked in both, "
        "with 95 % intervals by a bootstrap over people, then pictures. The first p goes with the interval and knows "
        "pictures of one person to be alike; McNemar's exact test takes them as independent. Both are corrected for "
        f"the {len(table)} pairs by Holm's method." + few + (f" {FLAGS_COUNT}" if flags else ""),
        tables=[Table("Pairs of trials", header, lines)],
    )


def trial_names(runs: Sequence[Run]) -> list[str]:
    """A name for each finished run: attack and defence, and what else it was started with that others were not."""
    finished = [run for run in runs if run.summary is not None]
    return [run_name(run, finished) for run in finished]


def p_in_words(p: float) -> str:
    """0.0000123 -> "< 0.001"."""
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def _read(runs: Sequence[Run]) -> list[_Verdicts]:
    finished = [run for run in runs if run.summary is not None]
    found = []
    for run, name in zip(finished, trial_names(runs), strict=True):
        path = run.folder / "verdicts.csv"
        if path.is_file():
            rows = read_rows(path).set_index("file").sort_index()
            found.append(_Verdicts(name, run.folder.name, bool(run.summary["synthetic"]), rows))
    return found


def _compared(first: _Verdicts, second: _Verdicts) -> dict | None:
    if not first.rows.index.equals(second.rows.index):
        return None
    both = ((first.rows["status"] == ATTACKED) & (second.rows["status"] == ATTACKED)).to_numpy()
    if not both.any():
        return None
    before, after = (robust(one.rows[both]) for one in (first, second))
    people = first.rows["identity"].to_numpy()[both]
    difference, p = paired_test(before, after, people, _RESAMPLES)
    return {
        "first": first.name,
        "second": second.name,
        "run_first": first.folder,
        "run_second": second.folder,
        "n": difference.n,
        "left_first": before.mean(),
        "left_second": after.mean(),
        "difference": difference.value,
        "low": difference.low,
        "high": difference.high,
        "gains": int((after & ~before).sum()),
        "losses": int((before & ~after).sum()),
        "p": p,
        "mcnemar_p": mcnemar(before, after),
        "synthetic": first.synthetic or second.synthetic,
    }


def _sentences(ranked: pd.DataFrame, left: str) -> list[str]:
    differ = ranked[ranked["differs"]]
    pairs = "1 pair" if len(ranked) == 1 else f"{len(ranked)} pairs"
    if not len(differ):
        return [
            f"Of {pairs} of trials on the same pictures, none is shown to differ after Holm's correction."
        ]
    most = differ.loc[differ["size"].idxmax()]
    less, more = ("first", "second") if most["difference"] > 0 else ("second", "first")
    low, high = sorted(abs(np.array([most["low"], most["high"]])))
    verb = "differs" if len(differ) == 1 else "differ"
    return [
        f"Of {pairs} of trials on the same pictures, {len(differ)} {verb} after Holm's correction.",
        f"They differ most in {most[less]}, which leaves {100 * most['size']:.1f} points fewer {left} than "
        f"{most[more]} (95 % interval {100 * low:.1f} to {100 * high:.1f}).",
    ]
