"""Fast minimum-norm: a ball that shrinks while the picture in it fools, and grows while it does not."""

from typing import Annotated

import torch

from facetrial.attacks.gradient.working_set import ActiveSet
from facetrial.attacks.losses import Margin
from facetrial.attacks.minimum_norm.base import MinimumNormAttack, annealed
from facetrial.attacks.problem import Problem
from facetrial.attacks.result import LossGradient
from facetrial.core.checked_settings import checked
from facetrial.core.settings import Count, InsideShare, Positive, Unit


class FMN(MinimumNormAttack):
    """Fast Minimum-Norm (Pintor et al., "Fast minimum-norm adversarial attacks through adaptive norm constraints",
    NeurIPS 2021), in Linf, L2, RMS and L1.

    Until a picture fools its ball reaches to where the boundary would be if the scores were linear. A step is a share
    of the ball's radius along the norm's steepest direction, where the paper has one length for all pictures: how
    far off the boundary lies need not be known.

    Args:
        steps: how many.
        step: length of the first step, as a share of the ball's radius; the last has a hundredth of it.
        gamma: by what share the radius changes at the first step, in (0, 1); at the last by a thousandth.
        at_once: as for `IterativeAttack`.

    Raises:
        FacetrialError: a setting outside its range; a budget without such a ball.
    """

    norms = ("linf", "l2", "rms", "l1")

    @checked("attack.method")
    def __init__(
        self,
        steps: Count,
        step: Annotated[Positive, Unit("of the ball's radius")] = 1.0,
        gamma: InsideShare = 0.05,
        at_once: Count | None = None,
    ) -> None:
        super().__init__(Margin(), steps, at_once=at_once, early_stop=False)
        self.step = float(step)
        self.gamma = float(gamma)

    def initialise(self, active: ActiveSet, problem: Problem) -> None:
        unknown = torch.full((len(active),), torch.inf, device=active.images.device)
        active.memory = {"radius": unknown, "smallest": unknown.clone()}

    def update(self, active: ActiveSet, problem: Problem, found: LossGradient) -> None:
        # Radii and sizes are parts of the budget's limit.
        budget, memory = active.budget, active.memory
        limit = budget.size(*active.images.shape[-2:])
        adversarial = active.criterion.is_adversarial(found.scores)
        change = active.current - active.images
        size = budget.measure(change) / budget.limit
        memory["smallest"] = memory["smallest"].minimum(torch.where(adversarial, size, torch.inf))

        gamma = annealed(active.step, self.steps, self.gamma, min(self.gamma, 1e-3))
        climb = budget.rise(found.gradient) * limit
        # A little farther than the boundary of a linear victim, on which the picture would come to lie else.
        to_boundary = (1 + gamma) * (size + found.loss.abs() / climb.clamp(min=1e-30))
        larger = torch.where(memory["smallest"].isinf(), to_boundary, memory["radius"] * (1 + gamma))
        smaller = memory["smallest"].minimum(memory["radius"] * (1 - gamma))
        radius = torch.where(adversarial, smaller, larger).clamp(max=1.0)
        memory["radius"] = radius

        share = annealed(active.step, self.steps, self.step, self.step / 100)
        step = (share * radius * limit)[:, None, None, None] * budget.ascent(found.gradient, change)
        active.current = budget.scaled(radius).project(active.images, active.current + step, active.region)
