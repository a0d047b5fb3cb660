"""The loop that gradient attacks share: a working set of pictures, each at its own step.

A fooled picture leaves the working set and the next one takes its place, so that no pass is spent on what
is decided; further starts of a picture are further places in the queue. Before a defence the first start is what is
found as if there were none: where the recogniser's own slopes lead, a defence's stand-in for a slope may not.
"""

import copy
import logging
from abc import abstractmethod
from collections import deque
from dataclasses import replace
from functools import partial
from typing import Self

import torch
from torch import Tensor

from facetrial.attacks.best import Best
from facetrial.attacks.goals import Criterion
from facetrial.attacks.gradient.working_set import ActiveSet, Queue
from facetrial.attacks.losses import Loss
from facetrial.attacks.method import Method
from facetrial.attacks.problem import Problem
from facetrial.attacks.result import LossGradient, MethodResult
from facetrial.core.checked_settings import checked
from facetrial.core.errors import out_of_memory
from facetrial.core.settings import Count

log = logging.getLogger(__name__)

# Passes between two looks at who is fooled. A look waits for the device; on a CPU, passes cost more than looks.
_STRIDE = {"cpu": 1}
_OTHER_STRIDE = 4
# Pictures in the working set, of a CPU and else, where larger ones are no faster.
_AT_ONCE, _OTHER_AT_ONCE = {"cpu": 32}, 1024


class IterativeAttack(Method):
    """Base of methods that go step by step along a gradient.

    Args:
        loss: what the steps make larger.
        steps: gradient steps of a picture and start.
        restarts: starts of a picture that is not fooled.
        at_once: places in the working set, halved where memory is short; None takes 32 on a CPU, and elsewhere as many
            as make 1,024 passes.
        early_stop: whether fooled pictures stop; the rest of their steps could only fool the victim further. Before a
            victim that draws at random none stops.

    Attributes:
        shows_as_is: whether `augment` gives back the pictures themselves, so that it need not be asked.

    Raises:
        FacetrialError: fewer than one step or start.
    """

    takes_surrogate = True

    @checked("attack.method")
    def __init__(
        self,
        loss: Loss,
        steps: Count,
        restarts: Count = 1,
        at_once: Count | None = None,
        early_stop: bool = True,
    ) -> None:
        self.loss = loss
        self.steps = steps
        self.restarts = restarts
        self.at_once = at_once
        self.early_stop = early_stop
        self.shows_as_is = type(self).augment is IterativeAttack.augment

    def longer(self, factor: int) -> Self:
        made = copy.copy(self)
        made.steps = factor * self.steps
        return made

    @abstractmethod
    def initialise(self, active: ActiveSet, problem: Problem) -> None:
        """Sets where new pictures start, and what is to be remembered of them."""

    @abstractmethod
    def update(self, active: ActiveSet, problem: Problem, found: LossGradient) -> None:
        """Moves pictures by one step; `found` is the loss gradient where they are.

        Further questions go to `problem.ask(active.rows, pictures, …)`, and what is drawn for a step comes from
        `active.draws_of_step`.
        """

    def augment(self, active: ActiveSet, images: Tensor) -> Tensor:
        """What the victim is shown for the gradient: the pictures, unless a method looks at changed ones."""
        return images

    def criterion(self, active: ActiveSet) -> Criterion:
        """What the loss is taken for: the goal, unless a method makes detours."""
        return active.criterion

    def __call__(self, problem: Problem) -> MethodResult:
        best = Best(problem)
        if problem.undefended is not None and problem.start is None:
            problem = replace(problem, start=self._before_no_defense(problem.undefended))
        self.run(problem, best)
        return best.found()

    def _before_no_defense(self, undefended: Problem) -> Tensor:
        """Where the first start is before a defence: what one start finds as if there were none."""
        method = copy.copy(self)
        method.restarts, method.early_stop = 1, False
        best = Best(undefended)
        method.run(undefended, best)
        return best.images

    def run(self, problem: Problem, best: Best) -> None:
        """Takes all pictures that are not fooled through all their starts."""
        size = self.at_once or _pictures_at_once(problem)
        robust = (~best.fooled).nonzero()[:, 0].tolist()
        queue = deque((restart, row) for restart in range(self.restarts) for row in robust)
        stride = _STRIDE.get(problem.images.device.type, _OTHER_STRIDE)
        active = None
        while (active := self._filled(active, queue, size, problem)) is not None:
            short = False
            try:
                for _ in range(min(stride, self.steps - max(active.taken))):
                    self._step(problem, best, active)
            except RuntimeError as error:
                if len(active) == 1 or not out_of_memory(error):
                    raise
                short = True
            if short:  # and what the error held is free by now
                size = len(active) // 2
                log.warning("Out of memory with %d pictures at once; going on with %d.", len(active), size)
                # Those sent back start anew: their places in the queue come first again.
                places = zip(active.restart.tolist()[size:], active.rows.tolist()[size:], strict=True)
                queue.extendleft(reversed(list(places)))
                active = active.select(list(range(size)))
                continue
            active = self._staying(problem, best, active, queue)

    def _filled(
        self, active: ActiveSet | None, queue: Queue, size: int, problem: Problem
    ) -> ActiveSet | None:
        """The working set with free places taken by the first of the queue; None when all is done."""
        free = size - (0 if active is None else len(active))
        places = [queue.popleft() for _ in range(min(free, len(queue)))]
        if not places:
            return active
        device = problem.images.device
        restart, rows = torch.tensor(places, dtype=torch.int64, device=device).unbind(1)
        part = problem.select(rows)
        fresh = ActiveSet(
            rows,
            restart,
            [0] * len(places),
            torch.zeros_like(rows),
            part.images,
            part.region,
            part.budget,
            part.criterion,
            part.images.clone(),
            part.draws.restarted(restart),
        )
        self.initialise(fresh, part)
        if part.start is not None:
            fresh.current = torch.where((restart == 0)[:, None, None, None], part.start, fresh.current)
        return fresh if active is None else active.joined(fresh)

    def _step(self, problem: Problem, best: Best, active: ActiveSet) -> None:
        """One pass and one step for the whole working set."""
        rows, current = active.rows, active.current
        augment = None if self.shows_as_is else partial(self.augment, active)
        found = problem.ask(rows, current, self.loss, criterion=self.criterion(active), augment=augment)
        if best.on_the_way:
            best.consider(rows, current, found.scores if self.shows_as_is else problem.ask(rows, current))
        self.update(active, problem, found)
        active.count_step()

    def _staying(self, problem: Problem, best: Best, active: ActiveSet, queue: Queue) -> ActiveSet | None:
        """Those that go on: with steps left, and, with early stopping, not fooled."""
        early_stop = self.early_stop and best.certain
        ended = [place for place, taken in enumerate(active.taken) if taken >= self.steps]
        if ended:
            last = active.select(ended)
            scorer = problem.proxy
            if scorer is not problem.victim and (early_stop or self.at_boundary):
                # What is still robust, or fooled by a hair, may be so by a proxy's error only.
                scorer = problem.victim
                best.settle(last.rows)
            best.consider(last.rows, last.current, problem.ask(last.rows, last.current, of=scorer))
        if not early_stop:
            if ended and self.early_stop:
                best.confirm(last.rows)
            going = [place for place, taken in enumerate(active.taken) if taken < self.steps]
        else:
            best.confirm(active.rows)
            fooled = best.fooled.tolist()
            while queue and fooled[queue[0][1]]:
                queue.popleft()
            rows = active.rows.tolist()
            going = [i for i, taken in enumerate(active.taken) if taken < self.steps and not fooled[rows[i]]]
        if len(going) == len(active.taken):
            return active
        return active.select(going) if going else None


def _pictures_at_once(problem: Problem) -> int:
    if (few := _AT_ONCE.get(problem.images.device.type)) is not None:
        return few
    return max(1, _OTHER_AT_ONCE // problem.forward_passes)
