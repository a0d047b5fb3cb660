"""Whether an attack that sees less does more."""

from facetrial.attacks.budgets import L2, Linf
from facetrial.attacks.engine import Attack
from facetrial.attacks.methods.method import Method
from facetrial.evaluation.checks.check import Check, Evidence, Outcome, failed, passed
from facetrial.evaluation.checks.paired import compared


class BlackBoxNotBetter(Check):
    """A search by scores alone, at the same region and budget, brings down no more than the trial's gradient attack.

    If it does, gradients lead nowhere: they are masked, or the attack is weak (Athalye et al., 2018; Carlini et al.,
    "On evaluating adversarial robustness", 2019). Both attack the same pictures. It is left out of attacks that ask for
    no gradient, that ask a surrogate or were fitted on other pictures; of budgets that the search has no form for; and
    before victims that draw, whose answers it would pick by luck.

    Args:
        method: the search, with a limit of queries.
        pictures: how many are compared at most.
        tolerance: the share by which the search may be stronger; beyond it, McNemar's exact test has to say that it is
            not by chance.
    """

    def __init__(self, method: Method, pictures: int = 24, tolerance: float = 0.05) -> None:
        self.method = method
        self.pictures = pictures
        self.tolerance = tolerance

    def __call__(self, evidence: Evidence) -> Outcome | None:
        trial = evidence.attack
        fits = isinstance(trial.budget, L2 | Linf) and trial.method.asks_gradient and not trial.needs_fitting
        if not fits or trial.surrogate is not None or evidence.draws_at_random:
            return None
        search = Attack(trial.region, trial.budget, self.method, trial.goal, trial.fast)
        comparison = compared(evidence, search, self.pictures, self.tolerance)
        if comparison is None:
            return None
        detail = f"a search by scores alone {comparison}"
        if not comparison.fails:
            return passed(detail)
        return failed(
            detail,
            "gradients are masked or the attack is weak: attack with attack=auto or attack=square, another "
            "attack/loss@attack.method.loss, and attack.adaptive=true; look at the check slopes",
        )
