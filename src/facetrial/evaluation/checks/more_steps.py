"""Whether the attack had come to an end."""

from facetrial.attacks.engine import Attack
from facetrial.evaluation.checks.check import Check, Evidence, Outcome, failed, passed
from facetrial.evaluation.checks.paired import compared


class MoreStepsDoNotHelp(Check):
    """The same attack with more steps leaves hardly fewer pictures.

    If it does, what the trial's attack left is not what the victim withstands. It is left out of attacks that go by no
    steps along gradients, that ask a surrogate or were fitted on other pictures, and before victims that draw.

    Args:
        factor: by how much the steps are multiplied.
        pictures: how many are compared at most.
        tolerance: the share of pictures by which the accuracy left may fall; beyond it, McNemar's exact test has to
            say that it is not by chance.
    """

    def __init__(self, factor: int = 2, pictures: int = 32, tolerance: float = 0.05) -> None:
        self.factor = factor
        self.pictures = pictures
        self.tolerance = tolerance

    def __call__(self, evidence: Evidence) -> Outcome | None:
        trial = evidence.attack
        longer = trial.method.longer(self.factor)
        if longer is None or trial.surrogate is not None or evidence.draws_at_random:
            return None
        attack = Attack(trial.region, trial.budget, longer, trial.goal, trial.fast, adaptive=trial.adaptive)
        comparison = compared(evidence, attack, self.pictures, self.tolerance)
        if comparison is None:
            return None
        detail = f"with {self.factor} times the steps the attack {comparison}"
        if not comparison.fails:
            return passed(detail)
        return failed(
            detail,
            "give the attack more steps (attack.method.steps), or attack=apgd, which finds its step length",
        )
