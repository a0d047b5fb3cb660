"""Whether an attack of other code brings down what the trial's attack leaves standing."""

from typing import Annotated

import numpy as np

from facetrial.attacks.budgets.area import Area
from facetrial.checks.base import Check, Evidence, Outcome, does_not_apply, failed, passed
from facetrial.checks.reference import NORMS, Reference
from facetrial.checks.rerun import attacked_hits, compare, hits_of
from facetrial.core.settings import Count, Positive, Share, Unit
from facetrial.recognition.layers import layers


def weak_on_purpose(evidence: Evidence) -> str | None:
    """The threat model of a trial whose attacker does less than it could; None of a full-strength white-box attack."""
    trial, method = evidence.attack, evidence.attack.method
    if trial.surrogate is not None:
        return "transfer: it asks a surrogate in the victim's place"
    if isinstance(trial.budget, Area):
        return "worn: one patch for all pictures"
    if trial.needs_fitting:
        return "universal: one change for all pictures"
    if not method.asks_victim:
        return "noise: it asks nobody"
    if not trial.adaptive and layers(evidence.victim):
        return "naive: it knows no defence"
    if trial.budget.norm not in NORMS:
        return "few pixels"
    if not method.asks_gradient:
        return "black box: it sees scores alone"
    if getattr(method, "steps", None) == 1:
        return "one step"
    return None


class ReferenceAttack(Check):
    """What a full-strength white-box attack leaves standing withstands an attack of other code, too.

    A wrong sign, a step of next to nothing, an exception that is swallowed: an attack that is broken leaves many
    pictures, which looks like robustness (Carlini et al., "On evaluating adversarial robustness", 2019). Some of those
    are attacked again by `Reference`, at the trial's region, budget and goal. Trials under other threat models are not
    failed for being weaker: they are told what a full-strength attack leaves of what they left.

    It is left out where the budget's norm is none of Linf, L2, RMS and L1, and where no picture is at stake.

    Args:
        pictures: how many that withstood are attacked again at most.
        steps: of each start of the reference.
        seconds: it may take as long, or a quarter of the trial's time, whichever is more; on a GPU a sixth of this.
        tolerance: the share of pictures by which the reference may be stronger; beyond it, McNemar's exact test has
            to say that it is not by chance.
    """

    def __init__(
        self,
        pictures: Count = 12,
        steps: Count = 20,
        seconds: Annotated[Positive, Unit("seconds")] = 20.0,
        tolerance: Annotated[Share, Unit("of pictures")] = 0.05,
    ) -> None:
        self.pictures = pictures
        self.steps = steps
        self.seconds = seconds
        self.tolerance = tolerance

    def __call__(self, evidence: Evidence) -> Outcome | None:
        trial = evidence.attack
        if trial.budget.norm not in NORMS:
            return does_not_apply("there is no reference for this norm of the budget")
        hits = hits_of(evidence.rows, trial.goal.name)
        if not hits:
            return does_not_apply("no picture is at stake")
        own_time = self.seconds / 6 if evidence.device.type == "cuda" else self.seconds
        reference = Reference(trial, self.steps, max(own_time, evidence.seconds / 4))
        model = weak_on_purpose(evidence)
        robust, fooled = (
            evidence.some(self.pictures, [file for file, hit in hits.items() if hit is wanted])
            for wanted in (False, True)
        )
        if model is not None:  # it is not failed, whomever the reference spares
            fooled = []
        chosen = [*robust, *fooled]
        first = np.repeat([False, True], [len(robust), len(fooled)])
        found = compare(
            first,
            lambda rows: attacked_hits(evidence, reference, [chosen[row] for row in rows]),
            self.tolerance,
        )
        detail = (
            f"a second attack, of other code and up to {self.steps} steps a start, brings down "
            f"{found.brought_down} of {found.robust} pictures that withstood the trial's"
        )
        if model is not None:
            return passed(f"weak on purpose ({model}): {detail}")
        if not found.fails:
            return passed(detail)
        return failed(
            detail,
            "what this trial left is not what the victim withstands: look at the attack's step length and number of "
            "steps, its loss (wrong sign, saturated), exceptions that are swallowed and slopes that are masked "
            "(the checks slopes and true_slopes); try attack=auto",
        )
