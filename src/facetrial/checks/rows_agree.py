"""Whether the columns of each row tell one story: what was asked, what was changed, and what was said of it."""

import math

import numpy as np
import pandas as pd

from facetrial.attacks.fitted.base import Fitted
from facetrial.checks.base import Check, Evidence, Outcome, failed, passed
from facetrial.checks.rerun import hits_of
from facetrial.trial.embedding_shards import VERSIONS
from facetrial.trial.rows import ABSTAINED, ATTACKED

_ROUNDING = 1e-5  # of a norm
_BROKEN = 0.05  # share of pictures whose scores may be no numbers: as in `slopes`


class RowsAgree(Check):
    """What a row says in one column is what it says in the others.

    Whoever is named has the highest score: name, verdict, margin and rank go together. Scores are numbers, whatever was
    done to the picture: one that has none counts as not recognised, so that nobody was fooled and the attack seems to
    succeed. The norms of one change bound each other. And what was asked is what the method declares: who asks the
    victim has asked, through `Problem.ask`, which knows of defences and surrogates and counts; who declares that it
    needs no gradient has asked for none, since it is told as weaker than it is.
    """

    def __call__(self, evidence: Evidence) -> Outcome:
        rows = evidence.rows
        for found in (
            self._asked(evidence),
            self._numbers(rows),
            self._verdicts(rows),
            self._norms(evidence),
        ):
            if found is not None:
                return found
        return passed(f"verdicts, margins, ranks, norms and questions agree in {len(rows)} rows")

    def _asked(self, evidence: Evidence) -> Outcome | None:
        """Of the pictures at stake, which are all that a method may have to ask about."""
        method = evidence.attack.method
        files = list(hits_of(evidence.rows, evidence.attack.goal.name))
        rows = evidence.by_file.loc[files]
        if isinstance(method, Fitted) or len(rows) == 0:  # which asks while it is fitted
            return None
        name, queries, steps = type(method).__name__, int(rows["queries"].sum()), int(rows["steps"].sum())
        if not method.asks_victim:
            said = f"{name} declares that it asks nobody, and showed {queries} pictures" if queries else ""
        elif not queries:
            said = f"{name} asks for scores, and the rows count no picture that was shown"
        elif method.asks_gradient and not steps:
            said = f"{name} goes by gradients, and the rows count none that was asked for"
        elif not method.asks_gradient and steps:
            said = f"{name} declares that it needs no gradient, and asked for {steps}"
        else:
            said = ""
        if not said:
            return None
        return failed(
            said,
            "ask by `problem.ask` alone, which goes to the surrogate and to what the defences declare, and counts; "
            "give the method the `asks_victim` and `asks_gradient` that it has; look for exceptions that are swallowed",
        )

    def _numbers(self, rows: pd.DataFrame) -> Outcome | None:
        for version in VERSIONS:
            broken = rows["file"][~np.isfinite(rows[f"margin_{version}"].to_numpy(dtype=float))].tolist()
            if len(broken) > _BROKEN * len(rows):
                return failed(
                    f"of {len(broken)} of {len(rows)} pictures ({version}) the victim's scores are no numbers: "
                    f"{', '.join(broken[:3])}",
                    "a picture without an answer counts as not recognised, and nobody was fooled: look in the network "
                    "for divisions by zero, roots and logarithms of what may be negative, and numbers too large for "
                    "float16",
                )
        return None

    def _verdicts(self, rows: pd.DataFrame) -> Outcome | None:
        wrong: list[str] = []
        for version in VERSIONS:
            correct = rows[f"correct_{version}"].to_numpy(dtype=bool)
            margin = rows[f"margin_{version}"].to_numpy(dtype=float)
            answered = (rows[f"predicted_{version}"] != ABSTAINED).to_numpy() & np.isfinite(margin)
            off = answered & (margin != 0) & ((margin > 0) != correct)
            if f"rank_{version}" in rows:
                off |= answered & ((rows[f"rank_{version}"].to_numpy() == 1) != correct)
            wrong += [f"{file} ({version})" for file in rows["file"][off]]
        if not wrong:
            return None
        return failed(
            f"{len(wrong)} verdicts are not what their margin and rank say: {', '.join(wrong[:3])}",
            "verdict, margin and rank are of one answer: start the trial again with resume=false; if they come back, "
            "this is a fault of Facetrial's",
        )

    def _norms(self, evidence: Evidence) -> Outcome | None:
        height, width = evidence.faces.pixels.shape[1:3]
        rows, values = evidence.rows[evidence.rows["status"] == ATTACKED], 3 * height * width
        linf, l2, l1, rms = (rows[name].to_numpy(dtype=float) for name in ("linf", "l2", "l1", "rms"))
        changed = 3 * rows["pixels_changed"].to_numpy(dtype=float)
        bounds = {
            "l2 is not rms over all values": np.abs(l2 - rms * math.sqrt(values)) > _ROUNDING * l2,
            "linf exceeds l2": _above(linf, l2),
            "l2 exceeds l1": _above(l2, l1),
            "l1 exceeds what l2 allows on the pixels changed": _above(l1, l2 * np.sqrt(changed)),
            "l2 exceeds what linf allows on the pixels changed": _above(l2, linf * np.sqrt(changed)),
            "more pixels are changed than there are": changed > values,
        }
        for said, off in bounds.items():
            if off.any():
                return failed(
                    f"in {int(off.sum())} of {len(rows)} rows {said}: {', '.join(rows['file'][off].tolist()[:3])}",
                    "they are not of one change: this is a fault of Facetrial's, please report it with this folder",
                )
        return None


def _above(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    return first > second * (1 + _ROUNDING) + 1e-12
