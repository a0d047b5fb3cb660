"""Carlini and Wagner's attack: the change's square and the margin weighed against each other, by Adam."""

from typing import Self

import torch
from torch import Tensor

from facetrial.attacks.best import Best
from facetrial.attacks.gradient.working_set import ActiveSet, Queue
from facetrial.attacks.losses import Margin
from facetrial.attacks.minimum_norm.base import MinimumNormAttack, annealed
from facetrial.attacks.problem import Problem
from facetrial.attacks.result import LossGradient
from facetrial.core.checked_settings import checked
from facetrial.core.settings import Count, Positive

_DECAY, _DECAY_OF_SQUARES = 0.9, 0.999  # Adam's
# A round ends when, over a tenth of it, its objective does not fall by this share.
_PROGRESS = 1e-4
_INSIDE = 0.999999  # pixels at the ends of the range are moved into it by this, for the hyperbolic tangent


class CarliniWagner(MinimumNormAttack):
    """The attack of Carlini and Wagner ("Towards evaluating the robustness of neural networks", S&P 2017), L2 and RMS.

    Minimises |change|^2 + c x max(-margin, 0) over w, where the picture is (tanh(w) + 1) / 2 within the
    region. Rounds of Adam search for the least c that fools the victim, for each picture its own. The first c
    and the length of step go by how far off the boundary would be if the scores were linear, where the paper has one
    of each for all pictures: pixels of a face have to change by a thousandth, those of other pictures by much more.

    Args:
        rounds: values of c that are tried.
        steps: of Adam in each round.
        step: Adam's length at the start of a round, as a multiple of the root mean square by which the way to the
            boundary changes a value; at its end a twentieth of that.
        first: the first c, as a multiple of the guess; 1 is the guess.
        early: whether a round ends when it gets no further.
        at_once: as for `IterativeAttack`.

    Raises:
        FacetrialError: a setting outside its range; a budget of another norm.
    """

    norms = ("l2", "rms")

    @checked("attack.method")
    def __init__(
        self,
        rounds: Count,
        steps: Count,
        step: Positive = 2.0,
        first: Positive = 1.0,
        early: bool = True,
        at_once: Count | None = None,
    ) -> None:
        super().__init__(Margin(), steps, at_once=at_once, early_stop=False)
        self.rounds = rounds
        self.steps_a_round = steps
        self.steps = rounds * steps
        self.step = float(step)
        self.first = float(first)
        self.early = early

    def longer(self, factor: int) -> Self:
        made = super().longer(factor)
        made.steps_a_round = factor * self.steps_a_round
        return made

    def initialise(self, active: ActiveSet, problem: Problem) -> None:
        zero = torch.zeros(len(active), device=active.images.device)
        active.memory = {
            "w": _to_w(active.images),
            "mean": torch.zeros_like(active.images),
            "square": torch.zeros_like(active.images),
            "c": zero.clone(),
            "length": zero.clone(),
            "low": zero.clone(),
            "high": torch.full_like(zero, torch.inf),
            "fooled": zero.bool(),
            "before": torch.full_like(zero, torch.inf),
            "step": zero.clone(),
            "round": zero.clone(),
        }

    def update(self, active: ActiveSet, problem: Problem, found: LossGradient) -> None:
        memory = active.memory
        change = active.current - active.images
        self._guess(active, found)
        c = memory["c"]
        missing = (-found.loss).clamp(min=0.0)
        memory["fooled"] = memory["fooled"] | active.criterion.is_adversarial(found.scores)

        pull = (c * (missing > 0))[:, None, None, None] * found.gradient
        slope = (2.0 * change - pull) * 2.0 * active.current * (1.0 - active.current)
        memory["step"] = memory["step"] + 1
        self._adam(memory, slope)
        objective = change.square().flatten(1).sum(1) + c * missing
        self._next_round(active, objective)
        moved = (torch.tanh(memory["w"]) + 1.0) / 2.0
        active.current = active.budget.project(active.images, moved, active.region)

    def _guess(self, active: ActiveSet, found: LossGradient) -> None:
        """Sets the first c and the length of step of those at their very first step."""
        memory, new = active.memory, active.step == 0
        steepness = found.gradient.flatten(1).norm(dim=1).clamp(min=1e-15)
        distance = found.loss.abs() / steepness
        memory["c"] = torch.where(
            new, (self.first * 2.0 * distance / steepness).clamp(1e-10, 1e10), memory["c"]
        )
        values = found.gradient.shape[1] * (active.region > 0).flatten(1).sum(1)
        # At middle grey a pixel moves half as far as its w.
        length = self.step * 2.0 * distance / values.sqrt()
        memory["length"] = torch.where(new, length.clamp(max=1.0), memory["length"])

    def _adam(self, memory: dict[str, Tensor], slope: Tensor) -> None:
        """One step of Adam in w, down `slope` (A, 3, H, W)."""
        step = memory["step"][:, None, None, None]
        memory["mean"] = _DECAY * memory["mean"] + (1 - _DECAY) * slope
        memory["square"] = _DECAY_OF_SQUARES * memory["square"] + (1 - _DECAY_OF_SQUARES) * slope.square()
        mean = memory["mean"] / (1 - _DECAY**step)
        square = memory["square"] / (1 - _DECAY_OF_SQUARES**step)
        length = memory["length"] * annealed(memory["step"], self.steps_a_round, 1.0, 0.05)
        memory["w"] = memory["w"] - length[:, None, None, None] * mean / (square.sqrt() + 1e-8)

    def _next_round(self, active: ActiveSet, objective: Tensor) -> None:
        """Ends the rounds that are over: the next starts from the clean picture, with another c."""
        memory = active.memory
        over = memory["step"] >= self.steps_a_round
        if self.early:
            look = memory["step"] % max(self.steps_a_round // 10, 1) == 0
            over = over | look & (objective > (1 - _PROGRESS) * memory["before"])
            memory["before"] = torch.where(look, objective, memory["before"])
        c, fooled = memory["c"], memory["fooled"]
        memory["high"] = torch.where(over & fooled, c, memory["high"])
        memory["low"] = torch.where(over & ~fooled, c, memory["low"])
        following = torch.where(memory["high"].isinf(), 10.0 * c, (memory["low"] + memory["high"]) / 2.0)
        memory["c"] = torch.where(over, following.clamp(max=1e10), c)
        memory["round"] = memory["round"] + over
        memory["fooled"] = fooled & ~over
        memory["step"] = memory["step"].masked_fill(over, 0.0)
        memory["before"] = memory["before"].masked_fill(over, torch.inf)
        anew = over[:, None, None, None]
        memory["w"] = torch.where(anew, _to_w(active.images), memory["w"])
        memory["mean"] = memory["mean"].masked_fill(anew, 0.0)
        memory["square"] = memory["square"].masked_fill(anew, 0.0)

    def _staying(self, problem: Problem, best: Best, active: ActiveSet, queue: Queue) -> ActiveSet | None:
        done = (active.memory["round"] >= self.rounds).tolist()
        active.taken = [self.steps if over else taken for over, taken in zip(done, active.taken, strict=True)]
        return super()._staying(problem, best, active, queue)


def _to_w(images: Tensor) -> Tensor:
    return torch.atanh((2.0 * images - 1.0) * _INSIDE)
