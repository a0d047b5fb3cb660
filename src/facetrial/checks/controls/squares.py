"""Whether a search by scores does as much as squares of other code with a quarter of its questions."""

import time
from typing import Annotated

import numpy as np
import torch

from facetrial.checks.base import Check, Evidence, Outcome, does_not_apply, failed, passed
from facetrial.checks.reference.check import weak_on_purpose
from facetrial.checks.reference.search import ReferenceSearch
from facetrial.checks.reference.squares import paint
from facetrial.checks.rerun import compare, hits_of
from facetrial.core.settings import Count, Positive, Share, Unit
from facetrial.metrics.security_curve import SMALLEST
from facetrial.recognition.layers import abstain_columns, adaptive_view
from facetrial.recognition.without_slope import keeps_answers

_PART = 4  # of the questions: sound searches need more by less
_FEWEST = 80  # questions: with a quarter of fewer, squares are hardly a search


class SquaresNoBetter(Check):
    """Squares of other code, with a quarter of the questions, bring down no more than the trial's search by scores.

    A search that keeps the worse, never shrinks its squares or is after somebody else still does more than noise, and
    looks like the robustness of a victim under a black box. It is for searches by scores in Linf, where squares are
    what they are in the paper, and left out before victims that draw, flag or abstain, and before those whose answers
    are kept.

    Args:
        pictures: that withstood, and as many that were brought down, are looked at at most.
        queries: most questions about each; no more than a quarter of those that the trial's search has asked.
        seconds: all of it may take.
        tolerance: the share of pictures by which squares may be stronger; beyond it, McNemar's exact test has to say
            that it is not by chance.
    """

    def __init__(
        self,
        pictures: Count = 12,
        queries: Annotated[Count, Unit("pictures shown of each")] = 200,
        seconds: Annotated[Positive, Unit("seconds")] = 20.0,
        tolerance: Annotated[Share, Unit("of pictures")] = 0.05,
    ) -> None:
        self.pictures = pictures
        self.queries = queries
        self.seconds = seconds
        self.tolerance = tolerance

    def __call__(self, evidence: Evidence) -> Outcome:
        trial, model = evidence.attack, weak_on_purpose(evidence) or ""
        by_scores = model.startswith("black box") and SMALLEST not in evidence.rows
        if not by_scores or trial.budget.norm != "linf":
            return does_not_apply("it is for searches by scores in Linf")
        if evidence.draws_at_random or abstain_columns(adaptive_view(evidence.victim)):
            return does_not_apply("the victim draws, flags or abstains")
        if keeps_answers(evidence.victim):
            return does_not_apply("the recogniser's answers are kept: it is asked about no more than need be")
        hits = hits_of(evidence.rows, trial.goal.name)
        asked = int(evidence.by_file.loc[list(hits), "queries"].max()) if hits else 0
        if asked < _FEWEST:
            return does_not_apply(f"the search asked {asked} questions at most, too few for squares")
        robust, fooled = (
            evidence.some(self.pictures, [file for file, hit in hits.items() if hit is wanted])
            for wanted in (False, True)
        )
        chosen = np.array([*robust, *fooled], dtype=int)
        first = np.repeat([False, True], [len(robust), len(fooled)])
        ends, queries = time.monotonic() + self.seconds, min(self.queries, asked // _PART)

        def second(rows: np.ndarray) -> np.ndarray:
            batch = evidence.batch(chosen[rows].tolist())
            search = ReferenceSearch(evidence.victim, batch, trial, evidence.seed, evidence.same)
            paint(search, torch.arange(len(rows), device=evidence.device), queries, ends)
            return search.fooled().cpu().numpy()

        found = compare(first, second, self.tolerance)
        if found.too_few:
            return does_not_apply(str(found))
        detail = f"squares of other code, with {queries} of up to {asked} questions, {found}"
        detail = str(detail).replace("brings", "bring").replace("spares", "spare")
        if not found.fails:
            return passed(detail)
        return failed(
            detail,
            "the search does less than its questions allow: look at what it keeps, how its changes shrink, the sign "
            "and the goal of its loss, and how much of the budget it uses; attack=square is such a search",
        )
