"""The loop that gradient attacks share: a working set of pictures, each at its own step.

A picture that has fallen leaves the working set and the next one takes its place, so that no pass is spent on what
is decided; further starts of a picture are further places in the queue.
"""

import copy
import logging
from abc import abstractmethod
from collections import deque
from dataclasses import replace
from typing import Self

import torch
from torch import Tensor

from facetrial.attacks.best import Best
from facetrial.attacks.goals import Aim
from facetrial.attacks.gradient.working_set import Walkers
from facetrial.attacks.loss_gradient import Slope, slope
from facetrial.attacks.losses import Loss
from facetrial.attacks.method import Found, Method, Problem
from facetrial.core.errors import FacetrialError
from facetrial.recognition.layers import scores_of

log = logging.getLogger(__name__)

# Passes between two looks at who has fallen. A look waits for the device; on a CPU, passes cost more than looks.
_STRIDE = {"cpu": 1}
_OTHER_STRIDE = 4
# Pictures in the working set of a CPU, where larger ones are no faster.
_CPU_AT_ONCE = 32


class Walk(Method):
    """Base of methods that go step by step along a gradient.

    Args:
        loss: what the steps make larger.
        steps: gradient steps of a picture and start.
        restarts: starts of a picture that has not fallen.
        at_once: places in the working set; None takes 32 on a CPU, and elsewhere as many as memory holds.
        leave: whether pictures that have fallen stop; the rest of their steps could only make them fall further. Before
            a victim that draws at random none stops.

    Attributes:
        looks_first: whether `begin` shows each picture to the victim.
        shows_as_is: whether `shown` gives back the pictures themselves.

    Raises:
        FacetrialError: fewer than one step or start.
    """

    takes_surrogate = True
    looks_first = False
    shows_as_is = True

    def __init__(
        self, loss: Loss, steps: int, restarts: int = 1, at_once: int | None = None, leave: bool = True
    ) -> None:
        for key, value in (
            ("steps", steps),
            ("restarts", restarts),
            ("at_once", 1 if at_once is None else at_once),
        ):
            if value < 1 or value != int(value):
                raise FacetrialError(f"attack.method.{key} must be a whole number from 1 on, found {value}.")
        self.loss = loss
        self.steps = steps
        self.restarts = restarts
        self.at_once = at_once
        self.leave = leave

    def longer(self, factor: int) -> Self:
        made = copy.copy(self)
        made.steps = factor * self.steps
        return made

    @abstractmethod
    def begin(self, walkers: Walkers, problem: Problem) -> None:
        """Sets where new walkers start, and what is to be remembered of them."""

    @abstractmethod
    def advance(self, walkers: Walkers, problem: Problem, found: Slope) -> None:
        """Moves walkers by one step; `found` is the slope where they are, `problem.budget` the walkers' own."""

    def shown(self, walkers: Walkers, images: Tensor) -> Tensor:
        """What the victim is shown for the gradient: the pictures, unless a method looks at changed ones."""
        return images

    def wanted(self, walkers: Walkers) -> Aim:
        """What the loss is taken for: the goal, unless a method makes detours."""
        return walkers.aim

    def __call__(self, problem: Problem) -> Found:
        best = Best(problem)
        self.walk(problem, best)
        return best.found()

    def walk(self, problem: Problem, best: Best) -> None:
        """Takes all pictures that have not fallen through all their starts."""
        on_cpu = problem.images.device.type == "cpu"
        size = self.at_once or (_CPU_AT_ONCE if on_cpu else self.restarts * len(problem))
        standing = (~best.fallen).nonzero()[:, 0].tolist()
        queue = deque((restart, row) for restart in range(self.restarts) for row in standing)
        stride = _STRIDE.get(problem.images.device.type, _OTHER_STRIDE)
        walkers = None
        while queue or walkers is not None:
            walkers = self._filled(walkers, queue, size, problem, best)
            try:
                for _ in range(min(stride, self.steps - max(walkers.taken))):
                    self._step(problem, best, walkers)
            except torch.OutOfMemoryError:
                if len(walkers) == 1:
                    raise
                size = len(walkers) // 2
                log.warning("Out of memory with %d pictures at once; going on with %d.", len(walkers), size)
                # Those sent back start anew: their places in the queue come first again.
                places = zip(walkers.restart.tolist()[size:], walkers.rows.tolist()[size:], strict=True)
                queue.extendleft(reversed(list(places)))
                walkers = walkers.select(list(range(size)))
                continue
            walkers = self._staying(problem, best, walkers, queue)

    def _filled(
        self, walkers: Walkers | None, queue: deque, size: int, problem: Problem, best: Best
    ) -> Walkers:
        """The working set with free places taken by the first of the queue."""
        free = size - (0 if walkers is None else len(walkers))
        places = [queue.popleft() for _ in range(min(free, len(queue)))]
        if not places:
            return walkers
        device = problem.images.device
        restart, rows = torch.tensor(places, dtype=torch.int64, device=device).unbind(1)
        part = problem.select(rows)
        fresh = Walkers(
            rows,
            restart,
            [0] * len(places),
            part.images,
            part.region,
            part.aim,
            part.images.clone(),
            part.draws.restarted(restart),
        )
        self.begin(fresh, part)
        if self.looks_first:
            best.asked(rows)
        if part.start is not None:
            fresh.current = torch.where((restart == 0)[:, None, None, None], part.start, fresh.current)
        return fresh if walkers is None else walkers.joined(fresh)

    def _step(self, problem: Problem, best: Best, walkers: Walkers) -> None:
        """One pass and one step for all walkers."""
        images = walkers.current.detach().requires_grad_(True)
        with torch.enable_grad():
            seen = problem.seen(walkers.rows, self.shown(walkers, images))
        found = slope(problem.guide, self.loss, images, seen, self.wanted(walkers), walkers.region)
        if self.shows_as_is:
            best.consider(walkers.rows, walkers.current, found.scores, found)
        else:
            best.asked(walkers.rows, found)
            plain = problem.seen(walkers.rows, walkers.current)
            best.consider(walkers.rows, walkers.current, scores_of(problem.guide, plain))
        here = replace(problem, budget=problem.budget.select(walkers.rows))
        self.advance(walkers, here, found)
        walkers.taken = [taken + 1 for taken in walkers.taken]

    def _staying(self, problem: Problem, best: Best, walkers: Walkers, queue: deque) -> Walkers | None:
        """Those that go on: with steps left, and, where the fallen leave, not fallen."""
        leave = self.leave and problem.certain
        ended = [place for place, taken in enumerate(walkers.taken) if taken >= self.steps]
        if ended:
            last = walkers.select(ended)
            judge = problem.guide
            if judge is not problem.victim and (leave or self.at_boundary):
                # What still stands, or falls by a hair, may do so by a guide's error only.
                judge = problem.victim
                best.settle(last.rows)
            seen = problem.seen(last.rows, last.current)
            best.consider(last.rows, last.current, scores_of(judge, seen))
        if not leave:
            if ended and self.leave:
                best.confirm(last.rows)
            going = [place for place, taken in enumerate(walkers.taken) if taken < self.steps]
        else:
            best.confirm(walkers.rows)
            fallen = best.fallen.tolist()
            while queue and fallen[queue[0][1]]:
                queue.popleft()
            rows = walkers.rows.tolist()
            going = [i for i, taken in enumerate(walkers.taken) if taken < self.steps and not fallen[rows[i]]]
        if len(going) == len(walkers):
            return walkers
        return walkers.select(going) if going else None
