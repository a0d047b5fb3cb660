"""Whether what the attack found survives being saved."""

from scipy import stats

from facetrial.evaluation.checks.check import Check, Evidence, Outcome, failed, passed
from facetrial.evaluation.summary import at_stake
from facetrial.evaluation.verdicts import ATTACKED

_CHANCE = 0.01
_REMEDY = (
    "let the attack round as it goes and judge the rounded picture, or give a budget of at least 1/255: "
    "robust_accuracy_8bit is the figure that holds for files"
)


class SurvivesRounding(Check):
    """Most pictures that fool the victim in float32 still do so after rounding to 8 bits, as any file keeps them.

    It is left out where the attack looks for the smallest change, which lies at the very boundary, so that rounding
    undoes it by design; and where the attack has no success. A victim that draws meets a rounded picture with other
    draws, which undo some successes and bring others: there, as many must fall as before, if not the same.

    Args:
        least: the share that must survive. It fails where so few would survive by chance once in a hundred times, so
            that one picture of two does not fail it. Before a victim that draws, it fails where one of a hundred sign
            tests would say that fewer fall.
    """

    def __init__(self, least: float = 0.9) -> None:
        self.least = least

    def __call__(self, evidence: Evidence) -> Outcome | None:
        rows = evidence.rows[evidence.rows["status"] == ATTACKED]
        if evidence.attack.method.at_boundary or len(rows) == 0:
            return None
        goal = evidence.attack.goal.name
        risked, hits = at_stake(rows, goal)
        if not hits.any():
            return None
        survive = (
            ~risked["correct_8bit"].to_numpy(dtype=bool)
            if goal == "dodging"
            else (risked["predicted_8bit"] == risked["target"]).to_numpy()
        )
        successes, left = int(hits.sum()), int((hits & survive).sum())
        if evidence.draws_at_random:
            return self._as_many(successes, left, int((~hits & survive).sum()))
        detail = f"{left} of {successes} successes survive rounding to 8 bits"
        if stats.binom.cdf(left, successes, self.least) >= _CHANCE:
            return passed(detail)
        return failed(f"{detail}; at least {self.least:.0%} must", _REMEDY)

    def _as_many(self, successes: int, left: int, more: int) -> Outcome:
        detail = f"{successes} successes, {left + more} when rounded to 8 bits, which the victim meets with other draws"
        if stats.binom.cdf(more, successes - left + more, 0.5) >= _CHANCE:
            return passed(detail)
        return failed(detail, _REMEDY)
