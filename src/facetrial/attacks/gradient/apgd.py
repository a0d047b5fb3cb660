"""Auto-PGD: projected gradient ascent that finds its step length by itself (Croce and Hein, "Reliable evaluation of
adversarial robustness with an ensemble of diverse parameter-free attacks", ICML 2020)."""

import math
from functools import cache
from typing import Annotated

import torch
from torch import Tensor

from facetrial.attacks.goals import Criterion
from facetrial.attacks.gradient.iterative import IterativeAttack
from facetrial.attacks.gradient.targets import aim, towards
from facetrial.attacks.gradient.working_set import ActiveSet
from facetrial.attacks.losses import Loss
from facetrial.attacks.problem import Problem
from facetrial.attacks.result import LossGradient
from facetrial.core.checked_settings import checked
from facetrial.core.settings import Count, Unit

# The paper's settings.
_FIRST_STEP = 2.0  # of the budget's size
_MOMENTUM = 0.75  # weight of the new step against the last one
_FEW = 0.75  # of the steps since the last checkpoint must have made the loss larger


def checkpoints(steps: int) -> list[int]:
    """The steps at which the length is looked at again, ascending."""
    shares = [0.0, 0.22]
    while shares[-1] < 1.0:
        shares.append(shares[-1] + max(shares[-1] - shares[-2] - 0.03, 0.06))
    places = sorted({math.ceil(round(share * steps, 6)) for share in shares[1:]})
    return [place for place in places if place < steps]


@cache
def _gaps(steps: int, device: torch.device) -> Tensor:
    """(steps + 1,): steps since the last checkpoint where one is, else 0."""
    marks = checkpoints(steps)
    gaps = torch.zeros(steps + 1)
    for before, after in zip([0, *marks], marks, strict=False):
        gaps[after] = after - before
    return gaps.to(device)


class APGD(IterativeAttack):
    """The step length starts at twice the budget and halves where the loss stops rising; the attack then goes on from
    the best place so far.

    Args:
        loss, steps, restarts, at_once, early_stop: as for `IterativeAttack`.
    """

    def initialise(self, active: ActiveSet, problem: Problem) -> None:
        active.current = active.budget.start(active.images, active.region, active.draws)
        count = len(active)
        zero = active.images.new_zeros(count)
        active.memory |= {
            "previous": active.current.clone(),
            "best": active.current.clone(),
            "best_gradient": torch.zeros_like(active.images),
            "best_loss": zero - torch.inf,
            "last_loss": zero - torch.inf,
            "loss_at_checkpoint": zero - torch.inf,
            "rises": zero.clone(),
            "step": zero + _FIRST_STEP,
            "halved": torch.ones_like(zero, dtype=torch.bool),
        }

    def update(self, active: ActiveSet, problem: Problem, found: LossGradient) -> None:
        memory = active.memory
        loss = found.loss.nan_to_num(-torch.inf, neginf=-torch.inf)
        memory["rises"] = memory["rises"] + (loss > memory["last_loss"])
        memory["last_loss"] = loss
        better = loss > memory["best_loss"]
        memory["best_loss"] = torch.where(better, loss, memory["best_loss"])
        memory["best"] = _where(better, active.current, memory["best"])
        memory["best_gradient"] = _where(better, found.gradient, memory["best_gradient"])
        halve = self._looks_again(active)
        current = _where(halve, memory["best"], active.current)
        gradient = _where(halve, memory["best_gradient"], found.gradient)

        size = memory["step"][:, None, None, None] * active.budget.size(*active.images.shape[-2:])
        moved = current + size * active.budget.ascent(gradient, current - active.images)
        moved = active.budget.project(active.images, moved, active.region)
        mixed = current + _MOMENTUM * (moved - current) + (1.0 - _MOMENTUM) * (current - memory["previous"])
        mixed = active.budget.project(active.images, mixed, active.region)
        memory["previous"] = current
        active.current = _where(active.step == 0, moved, mixed)

    def _looks_again(self, active: ActiveSet) -> Tensor:
        """(A,) bool: whose step is halved, at the checkpoints."""
        memory = active.memory
        gap = _gaps(self.steps, active.rows.device)[active.step]
        due = gap > 0
        few_rises = memory["rises"] < _FEW * gap
        stuck = ~memory["halved"] & (memory["best_loss"] <= memory["loss_at_checkpoint"])
        halve = due & (few_rises | stuck)
        memory["step"] = torch.where(halve, memory["step"] / 2, memory["step"])
        memory["halved"] = torch.where(due, halve, memory["halved"])
        memory["loss_at_checkpoint"] = torch.where(due, memory["best_loss"], memory["loss_at_checkpoint"])
        memory["rises"] = torch.where(due, 0.0, memory["rises"])
        return halve


class TargetedAPGD(APGD):
    """APGD towards one other person after another, from the nearest on: for dodging, as each may be easier to be
    taken for than whoever the untargeted loss leads to. Impersonation has one target, and a pair nobody else to be
    taken for: there it is APGD, from as many starts.

    Args:
        loss, steps, at_once, early_stop: as for `IterativeAttack`.
        targets: how many others, each with a start of its own.

    Raises:
        FacetrialError: a setting outside its range.
    """

    @checked("attack.method")
    def __init__(
        self,
        loss: Loss,
        steps: Count,
        targets: Annotated[Count, Unit("people")] = 9,
        at_once: Count | None = None,
        early_stop: bool = True,
    ) -> None:
        super().__init__(loss, steps, restarts=targets, at_once=at_once, early_stop=early_stop)

    def initialise(self, active: ActiveSet, problem: Problem) -> None:
        super().initialise(active, problem)
        if problem.criterion.targets is None and problem.criterion.has_others:
            aim(active, problem)

    def criterion(self, active: ActiveSet) -> Criterion:
        return towards(active)


def _where(chosen: Tensor, pictures: Tensor, others: Tensor) -> Tensor:
    return torch.where(chosen[:, None, None, None], pictures, others)
