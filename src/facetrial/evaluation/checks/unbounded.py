"""Whether an attack that may do anything succeeds."""

from facetrial.attacks.budgets import Linf
from facetrial.attacks.engine import Attack
from facetrial.attacks.methods.method import Method
from facetrial.evaluation.checks.check import Check, Evidence, Outcome, failed, passed
from facetrial.evaluation.checks.paired import attacked_rows
from facetrial.landmarks.regions import Everywhere

_ANYTHING = 255  # of 255, in Linf


class UnboundedReachesZero(Check):
    """A gradient attack that may change every pixel to anything leaves not one picture recognised.

    Any picture can be turned into one of somebody else, so that one that stands shows gradients that lead nowhere, not
    a robust victim (Athalye et al., 2018). The attack knows the victim's defences. It may change the whole picture,
    whatever the trial's region: a mouth alone may well not be enough to hide a face. It is left out of attacks that ask
    for no gradient, that ask a surrogate or were fitted on other pictures.

    Args:
        method: a gradient attack that starts at the clean picture, for noise alone would do at this budget.
        pictures: how many are attacked at most.
    """

    def __init__(self, method: Method, pictures: int = 8) -> None:
        self.method = method
        self.pictures = pictures

    def __call__(self, evidence: Evidence) -> Outcome | None:
        trial, rows = evidence.attack, evidence.rows
        right = rows["file"][rows["correct_clean"].astype(bool)]
        applies = trial.method.asks_gradient and not trial.needs_fitting and trial.surrogate is None
        if not applies or len(right) == 0:
            return None
        attack = Attack(Everywhere(), Linf(_ANYTHING), self.method, fast=trial.fast)
        found = attacked_rows(evidence, attack, evidence.some(self.pictures, right.tolist()))
        left = int(found["correct_attacked"].sum())
        detail = f"with every pixel free, a gradient attack leaves {left} of {len(found)} pictures recognised"
        if left == 0:
            return passed(detail)
        return failed(
            detail,
            "gradient masking is likely: look in the victim for rounding, thresholds, .detach() and draws; let a "
            "defence declare what an attacker must do (`known`); compare with attack=square, which needs no gradient",
        )
