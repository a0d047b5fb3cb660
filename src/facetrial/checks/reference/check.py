"""Whether an attack of other code brings down what the trial's attack leaves standing."""

import time
from typing import Annotated

import numpy as np
import torch
from scipy.stats import binom

from facetrial.attacks.budgets.area import Area
from facetrial.checks.base import Check, Evidence, Outcome, does_not_apply, failed, passed
from facetrial.checks.reference.attack import Found, Reference
from facetrial.checks.reference.search import NORMS
from facetrial.checks.rerun import compare, hits_of
from facetrial.core.settings import Count, Positive, Share, Unit, whole
from facetrial.metrics.security_curve import SMALLEST
from facetrial.recognition.layers import adaptive_view, forward_passes, layers
from facetrial.recognition.without_slope import has_slope
from facetrial.trial.rows import ATTACKED


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
    if getattr(method, "steps", None) == 1 and _goes_by_one(evidence):
        return "one step"
    return None


_STARTS = 4  # as many gradients of a start, what is found before no defence among them


def _goes_by_one(evidence: Evidence) -> bool:
    """Whether as few gradients were asked for as one step takes: a loop of one's own may hide many."""
    method = evidence.attack.method
    starts = getattr(method, "restarts", 1) + getattr(method, "targets", 0)
    passes = forward_passes(adaptive_view(evidence.victim))
    return bool((evidence.rows["steps"] <= _STARTS * starts * passes).all())


# Of the time; the rest is for pictures that the trial's attack brought down, as few steps do.
_FOR_ROBUST = 0.85
_FOR_SMALLEST = 0.5
_SMALLER = 0.8  # of the smallest changes: by less, sound methods differ
_UNDERCUT, _BY_CHANCE = 0.1, 0.05  # share of pictures on which a sound method may be undercut; chance of more
_ON_GPU = 0.15  # of the seconds


class ReferenceAttack(Check):
    """What a full-strength white-box attack leaves standing withstands an attack of other code, too.

    A wrong sign, a step of next to nothing, an exception that is swallowed: an attack that is broken leaves many
    pictures, which looks like robustness (Carlini et al., "On evaluating adversarial robustness", 2019). Some of those
    are attacked again by `Reference`, at the trial's region, budget and goal: along slopes, and, where slopes may lead
    astray as they led the trial's attack, by squares, which need none. Trials under other threat models are not failed
    for being weaker: they are told what a full-strength attack along slopes leaves of what they left.

    Of an attack that looks for the smallest change, which has a budget that fools with all, changes somewhat smaller
    than those that it found are tried too: the curve rests on them.

    It is left out where the budget's norm is none of Linf, L2, RMS and L1, where no picture is at stake, where the
    victim shows no slope, and where so few withstood that even all of them would be no more than chance.

    Args:
        pictures: how many that withstood are attacked again at most.
        steps: of each start along slopes.
        queries: squares that are tried on each picture.
        seconds: all of it may take as long, or a quarter of the trial's time, whichever is more; on a GPU, 15 % of
            this. What was not reached in the time is said.
        tolerance: the share of pictures by which the reference may be stronger; beyond it, McNemar's exact test has
            to say that it is not by chance.
    """

    def __init__(
        self,
        pictures: Count = 12,
        steps: Count = 20,
        queries: Annotated[int, whole(0), Unit("pictures shown of each")] = 200,
        seconds: Annotated[Positive, Unit("seconds")] = 20.0,
        tolerance: Annotated[Share, Unit("of pictures")] = 0.05,
    ) -> None:
        self.pictures = pictures
        self.steps = steps
        self.queries = queries
        self.seconds = seconds
        self.tolerance = tolerance

    def __call__(self, evidence: Evidence) -> Outcome | None:
        trial = evidence.attack
        if trial.budget.norm not in NORMS:
            return does_not_apply("there is no reference for this norm of the budget")
        hits = hits_of(evidence.rows, trial.goal.name)
        if not hits:
            return does_not_apply("no picture is at stake")
        if not has_slope(evidence.victim, evidence.images(evidence.some(1))):
            return does_not_apply("the recogniser shows no slope, by which the second attack goes")
        own_time = self.seconds * (_ON_GPU if evidence.device.type == "cuda" else 1.0)
        ends = time.monotonic() + max(own_time, evidence.seconds / 4)
        model = weak_on_purpose(evidence)
        reference = Reference(trial, self.steps, self.queries if model is None else 0, evidence.same)
        robust, fooled = (
            evidence.some(self.pictures, [file for file, hit in hits.items() if hit is wanted])
            for wanted in (False, True)
        )
        done: list[Found] = []

        def again(pictures: list[int], share: float) -> Found:
            seconds = share * (ends - time.monotonic())
            done.append(reference(evidence.victim, evidence.batch(pictures), evidence.seed, seconds))
            return done[-1]

        if model is not None:
            said = _said(again(robust, 1.0)) if robust else "no picture withstood it"
            return passed(f"weak on purpose ({model}): {said}")
        told = (
            SMALLEST in evidence.rows and not evidence.draws_at_random
        )  # lucky draws are no smallest change
        smaller = self._smaller(evidence, ends) if told else None
        if smaller is not None and smaller.passed is False:
            return smaller
        chosen = [*robust, *fooled]
        first = np.repeat([False, True], [len(robust), len(fooled)])

        def second(rows: np.ndarray) -> np.ndarray:
            found = again([chosen[row] for row in rows], 1.0 if done else _FOR_ROBUST)
            # Of a picture that was given up nothing is known: it stays as it was.
            return np.where(found.tried.cpu().numpy(), found.fooled.cpu().numpy(), first[rows])

        found = compare(first, second, self.tolerance)
        if found.too_few:
            return smaller or does_not_apply(str(found))
        detail = _said(done[0])
        if not found.fails:
            return passed(detail)
        return failed(
            detail,
            "what this trial left is not what the victim withstands: look at the attack's step length and number of "
            "steps, its loss (wrong sign, saturated), exceptions that are swallowed and slopes that are masked "
            "(the checks slopes and true_slopes; what only squares bring down has slopes that lead astray); try "
            "attack=auto",
        )

    def _smaller(self, evidence: Evidence, ends: float) -> Outcome | None:
        """Whether smaller changes than the smallest that were found do as well; None where there are none."""
        rows = evidence.rows[evidence.rows["status"] == ATTACKED].drop_duplicates("file").set_index("file")
        sizes = rows[SMALLEST].astype(float)
        known = sizes.index[(sizes > 0) & np.isfinite(sizes)]
        chosen = evidence.some(self.pictures, list(known))
        if not chosen:
            return None
        told = [sizes[evidence.faces.files[row]] for row in chosen]
        parts = torch.tensor(told, dtype=torch.float32, device=evidence.device) / evidence.attack.budget.limit
        reference = Reference(evidence.attack, self.steps, 0, evidence.same)
        seconds = _FOR_SMALLEST * (ends - time.monotonic())
        found = reference(evidence.victim, evidence.batch(chosen), evidence.seed, seconds, _SMALLER * parts)
        tried, count = int(found.tried.sum()), int((found.fooled & found.tried).sum())
        detail = (
            f"a second attack, of other code, fools with changes of {_SMALLER:.0%} of the smallest that were found, on "
            f"{count} of {tried} pictures ({found.effort})"
        )
        if binom.sf(count - 1, tried, _UNDERCUT) >= _BY_CHANCE:
            return passed(detail)
        return failed(
            detail,
            "the smallest changes are not what the victim withstands, nor is the curve: give the method more steps, or "
            "look at its step, at when it takes a change for smaller, and at what it returns",
        )


def _said(found: Found) -> str:
    """What the reference did to pictures that withstood the trial's attack."""
    tried, given_up = int(found.tried.sum()), int((~found.tried).sum())
    brought_down = int((found.fooled & found.tried).sum())
    alone = f", {found.by_squares} of them by squares alone" if found.by_squares else ""
    rest = f"; for {given_up} more the time did not do" if given_up else ""
    return (
        f"a second attack, of other code, brings down {brought_down} of {tried} pictures that withstood the trial's"
        f"{alone} ({found.effort}{rest})"
    )
