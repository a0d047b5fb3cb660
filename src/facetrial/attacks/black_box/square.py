"""The Square attack: random search over squares, by the victim's scores alone."""

from typing import Annotated

import torch
from torch import Tensor

from facetrial.attacks.best import Best
from facetrial.attacks.black_box.square_proposals import L2Proposals, LinfProposals, Proposals
from facetrial.attacks.budgets.l2 import L2
from facetrial.attacks.budgets.linf import Linf
from facetrial.attacks.losses import Loss
from facetrial.attacks.method import Method
from facetrial.attacks.problem import Problem
from facetrial.attacks.queries import pictures_a_pass
from facetrial.attacks.result import MethodResult
from facetrial.core.checked_settings import checked
from facetrial.core.errors import FacetrialError
from facetrial.core.settings import Count, PositiveShare, Unit, whole

_PROPOSALS = {Linf: LinfProposals(), L2: L2Proposals()}
# Of 10,000 queries, those after which a square covers half of what it did.
_HALVINGS = (10, 50, 200, 500, 1000, 2000, 4000, 6000, 8000)
_JUDGED = 2  # queries that a verdict takes


class Square(Method):
    """A square of the picture is changed at a time, and the change kept if it raises the loss.

    Andriushchenko et al., "Square Attack" (ECCV 2020), for Linf and L2. A square covers a share of as many pixels as
    the region has and lies where it meets the region, which masks it: everywhere, that is the published attack. It
    asks for no gradient. Pictures are compared by a copy of the victim in float32, or by itself with
    attack.fast=false. A fooled picture asks no more, unless the victim draws at random.

    Args:
        loss: what is to become larger; the margin in the paper.
        queries: pictures of each that are shown to the victim or its copy at most, verdicts counted.
        p_init: the share that the first squares cover, in (0, 1]; it falls on the paper's schedule, stretched over
            `queries`. The paper takes 0.05 for Linf and 0.1 for L2 with 10,000 queries, AutoAttack 0.8; with a
            thousand, larger is better on faces.
        at_once: pictures a pass; None takes what suits the device.

    Raises:
        FacetrialError: a setting out of range; when called, a budget that is neither Linf nor L2 (or RMS).
    """

    asks_gradient = False

    @checked("attack.method")
    def __init__(
        self,
        loss: Loss,
        queries: Annotated[int, whole(1 + _JUDGED)] = 1000,
        p_init: Annotated[PositiveShare, Unit("of the region")] = 0.8,
        at_once: Count | None = None,
    ) -> None:
        self.loss = loss
        self.queries = queries
        self.p_init = p_init
        self.at_once = at_once

    def share(self, step: int) -> float:
        """The share that a square covers at the `step`-th change, counted from 0."""
        now = int(step / self.queries * 10_000)
        return self.p_init * 0.5 ** sum(now > halving for halving in _HALVINGS)

    def __call__(self, problem: Problem) -> MethodResult:
        proposals = self._proposals(problem)
        best, limit = Best(problem), problem.queries + self.queries
        everyone = torch.arange(len(problem), device=problem.images.device)
        best.consider(everyone, problem.images, self._scores(problem, problem.images))
        best.confirm(everyone)
        rows = self._going(best, everyone, limit)
        part = problem.select(rows)
        current, highest = part.images, part.images.new_full((len(part),), -torch.inf)
        for step in range(-1, self.queries):
            if len(rows) == 0:
                break
            proposed = (
                proposals.change(part, current, self.share(step), step)
                if step >= 0
                else proposals.start(part)
            )
            scores = self._scores(part, proposed)
            losses = self.loss(scores, part.criterion)
            better = losses > highest
            current = torch.where(better[:, None, None, None], proposed, current)
            highest = torch.where(better, losses, highest)
            best.consider(rows, proposed, scores)
            best.confirm(rows)
            going = self._going(best, rows, limit)
            if len(going) < len(rows):
                stays = torch.isin(rows, going)
                rows, current, highest = going, current[stays], highest[stays]
                part = problem.select(rows)
        return best.found()

    def _proposals(self, problem: Problem) -> Proposals:
        for norm, proposals in _PROPOSALS.items():
            if isinstance(problem.budget, norm):
                problem.budget.size(*problem.images.shape[-2:])  # raises where it is too large
                return proposals
        raise FacetrialError(
            f"attack/method=square needs attack/budget=linf, l2 or rms; a budget of norm {problem.budget.norm} has no "
            "squares."
        )

    def _scores(self, problem: Problem, pictures: Tensor) -> Tensor:
        own = torch.arange(len(problem), device=pictures.device)
        return problem.ask(own, pictures, at_once=pictures_a_pass(pictures, self.at_once))

    def _going(self, best: Best, rows: Tensor, limit: Tensor) -> Tensor:
        """Those of `rows` that are not fooled and may still ask, a verdict included."""
        return rows[~best.fooled[rows] & (best.problem.queries[rows] + 1 + _JUDGED <= limit[rows])]
