"""Decoupled direction and norm: steps on a sphere that shrinks while the picture fools, and grows while it does not."""

from typing import Annotated

import torch

from facetrial.attacks.budgets.budget import norms
from facetrial.attacks.gradient.working_set import ActiveSet
from facetrial.attacks.losses import Loss
from facetrial.attacks.minimum_norm.base import MinimumNormAttack, annealed
from facetrial.attacks.problem import Problem
from facetrial.attacks.result import LossGradient
from facetrial.core.checked_settings import checked
from facetrial.core.settings import Count, InsideShare, Positive, Unit


class DDN(MinimumNormAttack):
    """Decoupled Direction and Norm (Rony et al., "Decoupling direction and norm for efficient gradient-based L2
    adversarial attacks and defenses", CVPR 2019), in L2 and RMS.

    Args:
        loss: what the steps make larger; the paper has the cross-entropy.
        steps: how many.
        first: the first sphere's radius, in L2 over the whole picture.
        step: length of the first step, in L2; the last has a hundredth of it.
        gamma: by what share the radius changes at each step, in (0, 1).
        at_once: as for `IterativeAttack`.

    Raises:
        FacetrialError: a setting outside its range; a budget of another norm.
    """

    norms = ("l2", "rms")

    @checked("attack.method")
    def __init__(
        self,
        loss: Loss,
        steps: Count,
        first: Annotated[Positive, Unit("L2 over the whole picture")] = 1.0,
        step: Annotated[Positive, Unit("L2 over the whole picture")] = 1.0,
        gamma: InsideShare = 0.05,
        at_once: Count | None = None,
    ) -> None:
        super().__init__(loss, steps, at_once=at_once, early_stop=False)
        self.first = float(first)
        self.step = float(step)
        self.gamma = float(gamma)

    def initialise(self, active: ActiveSet, problem: Problem) -> None:
        active.memory["radius"] = torch.full((len(active),), self.first, device=active.images.device)

    def update(self, active: ActiveSet, problem: Problem, found: LossGradient) -> None:
        limit = active.budget.size(*active.images.shape[-2:])
        adversarial = active.criterion.is_adversarial(found.scores)
        radius = active.memory["radius"] * torch.where(adversarial, 1 - self.gamma, 1 + self.gamma)
        active.memory["radius"] = radius = radius.clamp(max=limit)

        step = annealed(active.step, self.steps, self.step, self.step / 100)[:, None, None, None]
        change = active.current - active.images + step * active.budget.steepest(found.gradient)
        change *= radius[:, None, None, None] / norms(change).clamp(min=1e-30)
        ball = active.budget.scaled(radius / limit)
        active.current = ball.project(active.images, active.images + change, active.region)
