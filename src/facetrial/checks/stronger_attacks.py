"""Whether more steps, an attack that sees less, or one without bounds does more than the trial's own."""

from dataclasses import replace
from typing import Annotated

from facetrial.attacks.attack import Attack
from facetrial.attacks.budgets.l2 import L2
from facetrial.attacks.budgets.linf import Linf
from facetrial.attacks.method import Method
from facetrial.checks.base import Check, Evidence, Outcome, does_not_apply, failed, passed
from facetrial.checks.rerun import attacked_rows, compared, hits_of
from facetrial.core.settings import Count, Share, Unit, whole
from facetrial.regions.regions import Everywhere


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

    def __init__(
        self, method: Method, pictures: Count = 24, tolerance: Annotated[Share, Unit("of pictures")] = 0.05
    ) -> None:
        self.method = method
        self.pictures = pictures
        self.tolerance = tolerance

    def __call__(self, evidence: Evidence) -> Outcome | None:
        trial = evidence.attack
        fits = isinstance(trial.budget, L2 | Linf) and trial.method.asks_gradient and not trial.needs_fitting
        if not fits or trial.surrogate is not None or evidence.draws_at_random:
            return does_not_apply(
                "it is for gradient attacks in L2 or Linf that ask a victim which does not draw"
            )
        search = Attack(trial.region, trial.budget, self.method, trial.goal, trial.fast)
        comparison = compared(evidence, search, self.pictures, self.tolerance)
        if comparison is None:
            return does_not_apply("no picture is at stake")
        if comparison.too_few:
            return does_not_apply(str(comparison))
        detail = f"a search by scores alone {comparison}"
        if not comparison.fails:
            return passed(detail)
        return failed(
            detail,
            "gradients are masked or the attack is weak: attack with attack=auto or attack=square, another "
            "attack/loss@attack.method.loss, and attack.adaptive=true; look at the check slopes",
        )


class MoreStepsDoNotHelp(Check):
    """The same attack with more steps leaves hardly fewer pictures.

    If it does, what the trial's attack left is not what the victim withstands, whether it asks the victim or a
    surrogate. Before a victim that draws, luck alone makes one of twenty longer attacks look stronger: there both are
    held again at another seed, and the longer one has to be stronger in both. It is left out of attacks that go by no
    steps along gradients or were fitted on other pictures.

    Args:
        factor: by how much the steps are multiplied.
        pictures: how many are compared at most.
        tolerance: the share of pictures by which the accuracy left may fall; beyond it, McNemar's exact test has to
            say that it is not by chance.
    """

    def __init__(
        self,
        factor: Annotated[int, whole(2)] = 2,
        pictures: Count = 32,
        tolerance: Annotated[Share, Unit("of pictures")] = 0.05,
    ) -> None:
        self.factor = factor
        self.pictures = pictures
        self.tolerance = tolerance

    def __call__(self, evidence: Evidence) -> Outcome | None:
        trial = evidence.attack
        longer = trial.method.longer(self.factor)
        if longer is None:
            return does_not_apply("it is for attacks in steps along gradients")
        attack = Attack(
            trial.region, trial.budget, longer, trial.goal, trial.fast, trial.surrogate, trial.adaptive
        )
        comparison = compared(evidence, attack, self.pictures, self.tolerance)
        if comparison is not None and comparison.fails and evidence.draws_at_random:
            comparison = compared(self._held_again(evidence), attack, self.pictures, self.tolerance)
        if comparison is None:
            return does_not_apply("no picture is at stake")
        if comparison.too_few:
            return does_not_apply(str(comparison))
        detail = f"with {self.factor} times the steps the attack {comparison}"
        if not comparison.fails:
            return passed(detail)
        return failed(
            detail,
            "give the attack more steps (attack.method.steps), or attack=apgd, which finds its step length",
        )

    def _held_again(self, evidence: Evidence) -> Evidence:
        """The trial of the pictures that are compared, at another seed."""
        files = list(hits_of(evidence.rows, evidence.attack.goal.name))
        again = replace(evidence, seed=evidence.seed ^ 1)
        return replace(again, rows=attacked_rows(again, again.attack, again.some(self.pictures, files)))


_ANYTHING = 255  # of 255, in Linf


class UnboundedReachesZero(Check):
    """A gradient attack that may change every pixel to anything leaves not one picture recognised.

    Any picture can be turned into one of somebody else, so that one that is robust shows gradients that lead nowhere,
    not a robust victim (Athalye et al., 2018). The attack knows the victim's defences. It may change the whole
    picture, whatever the trial's region: a mouth alone may well not be enough to hide a face. It is left out of
    attacks that ask for no gradient, that ask a surrogate or were fitted on other pictures.

    Args:
        method: a gradient attack that starts at the clean picture, for noise alone would do at this budget.
        pictures: how many are attacked at most.
    """

    def __init__(self, method: Method, pictures: Count = 8) -> None:
        self.method = method
        self.pictures = pictures

    def __call__(self, evidence: Evidence) -> Outcome | None:
        trial, rows = evidence.attack, evidence.rows
        right = rows["file"][rows["correct_clean"].astype(bool)]
        applies = trial.method.asks_gradient and not trial.needs_fitting and trial.surrogate is None
        if not applies or len(right) == 0:
            return does_not_apply(
                "it is for gradient attacks that ask the victim, and some clean picture must be recognised"
            )
        goal = trial.goal if evidence.of_pairs else None  # a pair has no name not to be known by
        attack = Attack(Everywhere(), Linf(_ANYTHING), self.method, goal, trial.fast)
        found = attacked_rows(evidence, attack, evidence.some(self.pictures, right.tolist()))
        left = int(found["correct_attacked"].sum())
        what = "pairs judged rightly" if evidence.of_pairs else "pictures recognised"
        detail = f"with every pixel free, a gradient attack leaves {left} of {len(found)} {what}"
        if left == 0:
            return passed(detail)
        return failed(
            detail,
            "gradient masking is likely: look in the victim for rounding, thresholds, .detach() and draws; let a "
            "defence declare what an attacker sees (`adaptive_view`); compare with attack=square, which needs no slope",
        )
