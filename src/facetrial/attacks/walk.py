"""The loop that gradient attacks share: a working set of pictures, each at its own step.

A picture that has fallen leaves the working set and the next one takes its place, so that no pass is spent on what
is decided. A picture counts as fallen when the victim, in float32, is fooled by it as it is and as an 8-bit file
keeps it.
"""

from abc import abstractmethod
from dataclasses import dataclass, field

import torch
from torch import Tensor

from facetrial.attacks.goals import Aim
from facetrial.attacks.losses import Loss
from facetrial.attacks.methods import Found, Gradient, Method, Problem
from facetrial.attacks.objective import Slope, scores_of, slope
from facetrial.errors import FacetrialError
from facetrial.randomness import Draws


@dataclass
class Walkers:
    """The A pictures at work.

    Attributes:
        rows: int64 (A,), their rows in the problem.
        images: (A, 3, H, W), clean.
        region: (A, 1, H, W).
        aim: what is wanted of them.
        current: (A, 3, H, W), where they are.
        step: int64 (A,), steps taken.
        draws: random numbers for them.
        memory: further tensors (A, ...) that a method keeps, by name.
    """

    rows: Tensor
    images: Tensor
    region: Tensor
    aim: Aim
    current: Tensor
    step: Tensor
    draws: Draws
    memory: dict[str, Tensor] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.rows)

    def select(self, keep: Tensor) -> "Walkers":
        """Those at `keep`, an index or boolean tensor."""
        return Walkers(
            self.rows[keep],
            self.images[keep],
            self.region[keep],
            self.aim.select(keep),
            self.current[keep],
            self.step[keep],
            self.draws.select(keep),
            {name: value[keep] for name, value in self.memory.items()},
        )

    def joined(self, others: "Walkers") -> "Walkers":
        """These, then `others`."""
        targets = self.aim.targets
        if targets is not None:
            targets = torch.cat([targets, others.aim.targets])
        return Walkers(
            torch.cat([self.rows, others.rows]),
            torch.cat([self.images, others.images]),
            torch.cat([self.region, others.region]),
            Aim(torch.cat([self.aim.identities, others.aim.identities]), targets),
            torch.cat([self.current, others.current]),
            torch.cat([self.step, others.step]),
            self.draws.joined(others.draws),
            {name: torch.cat([value, others.memory[name]]) for name, value in self.memory.items()},
        )


class Walk(Method):
    """Base of methods that go step by step along a gradient.

    Args:
        loss: what the steps make larger.
        steps: gradient steps of a picture and restart.
        restarts: starts of a picture that has not fallen.
        at_once: pictures in the working set; None takes all that the trial hands over.
        leave: whether pictures that have fallen stop; the rest of their steps could only make them fall further.

    Raises:
        FacetrialError: fewer than one step or start.
    """

    def __init__(
        self, loss: Loss, steps: int, restarts: int = 1, at_once: int | None = None, leave: bool = True
    ) -> None:
        for key, value in (("steps", steps), ("restarts", restarts), ("at_once", at_once or 1)):
            if value < 1:
                raise FacetrialError(f"attack.method.{key} must be at least 1, found {value}.")
        self.loss = loss
        self.steps = steps
        self.restarts = restarts
        self.at_once = at_once
        self.leave = leave

    @abstractmethod
    def begin(self, walkers: Walkers, problem: Problem, restart: int) -> None:
        """Sets where walkers start, and what is to be remembered of them."""

    @abstractmethod
    def advance(self, walkers: Walkers, problem: Problem, found: Slope) -> None:
        """Moves walkers by one step; `found` is the slope where they are."""

    def shown(self, walkers: Walkers, images: Tensor) -> Tensor:
        """What the victim is shown for the gradient: the pictures, unless a method looks at changed ones."""
        return images

    def __call__(self, problem: Problem) -> Found:
        best = _Best(problem)
        for restart in range(self.restarts):
            rows = (~best.fallen).nonzero()[:, 0] if self.leave or restart == 0 else best.all_rows
            self._walk(problem, best, rows, restart)
        return best.found()

    def _walk(self, problem: Problem, best: "_Best", rows: Tensor, restart: int) -> None:
        size = self.at_once or len(rows)
        walkers, following = None, 0
        while following < len(rows) or walkers is not None:
            free = size - (0 if walkers is None else len(walkers))
            if following < len(rows) and free > 0:
                fresh = self._start(problem, rows[following : following + free], restart)
                following += len(fresh)
                walkers = fresh if walkers is None else walkers.joined(fresh)
            walkers = self._step(problem, best, walkers)

    def _start(self, problem: Problem, rows: Tensor, restart: int) -> Walkers:
        walkers = Walkers(
            rows,
            problem.images[rows],
            problem.region[rows],
            problem.aim.select(rows),
            problem.images[rows].clone(),
            torch.zeros_like(rows),
            problem.draws.select(rows),
        )
        self.begin(walkers, problem, restart)
        return walkers

    def _step(self, problem: Problem, best: "_Best", walkers: Walkers) -> Walkers | None:
        """One pass for all walkers; those that have ended are left out of what is returned."""
        last = walkers.step >= self.steps
        if bool(last.all()):
            ahead = best.consider(walkers, scores_of(problem.victim, walkers.current))
            if self.leave:
                best.confirm(problem.victim, walkers, ahead)
            return None
        images = walkers.current.detach().requires_grad_(True)
        with torch.enable_grad():
            seen = self.shown(walkers, images)
        found = slope(problem.victim, self.loss, images, seen, walkers.aim, walkers.region)
        exact = found.scores if seen is images else scores_of(problem.victim, walkers.current)
        ahead = best.consider(walkers, exact, found)
        ended = last
        if self.leave:
            ended = ended | best.confirm(problem.victim, walkers, ahead)
        if bool(ended.any()):
            going = ~ended
            if not bool(going.any()):
                return None
            walkers = walkers.select(going)
            found = Slope(found.scores[going], found.gradient[going], found.zero[going], found.broken[going])
        self.advance(walkers, problem, found)
        walkers.step += 1
        return walkers


class _Best:
    """The best change found so far for every picture of a problem, and what it cost."""

    def __init__(self, problem: Problem) -> None:
        count, device = len(problem.images), problem.images.device
        self.budget = problem.budget
        self.images = problem.images.clone()
        self.all_rows = torch.arange(count, device=device)
        self.advantage = torch.full((count,), -torch.inf, device=device)
        self.fallen = torch.zeros(count, dtype=torch.bool, device=device)
        self.queries = torch.zeros(count, dtype=torch.int64, device=device)
        self.steps = torch.zeros(count, dtype=torch.int64, device=device)
        self.gradient = torch.full((count,), int(Gradient.FINE), dtype=torch.int64, device=device)

    def consider(self, walkers: Walkers, scores: Tensor, found: Slope | None = None) -> Tensor:
        """Takes over pictures that are nearer the goal than what is kept of theirs; (A,) bool: who meets it."""
        rows = walkers.rows
        self.queries[rows] += 1
        if found is not None:
            self.steps[rows] += 1
            worse = torch.where(found.broken, int(Gradient.NOT_FINITE), int(Gradient.ZERO))
            worse = torch.where(found.broken | found.zero, worse, int(Gradient.FINE))
            self.gradient[rows] = torch.maximum(self.gradient[rows], worse)
        advantage = walkers.aim.advantage(scores).nan_to_num(-torch.inf, neginf=-torch.inf)
        better = (advantage > self.advantage[rows]) & ~self.fallen[rows]
        self.images[rows[better]] = walkers.current[better]
        self.advantage[rows[better]] = advantage[better]
        return advantage > 0

    def confirm(self, victim: torch.nn.Module, walkers: Walkers, ahead: Tensor) -> Tensor:
        """(A,) bool: whose current picture, of those `ahead`, fools the victim as it is and as 8 bits keep it."""
        rows = walkers.rows
        chosen = ahead.nonzero()[:, 0]
        if len(chosen) == 0:
            return ahead
        pictures, aim = walkers.current[chosen], walkers.aim.select(chosen)
        rounded = pictures.mul(255.0).round().div(255.0)
        met = aim.met(scores_of(victim, pictures)) & aim.met(scores_of(victim, rounded))
        self.queries[rows[chosen]] += 2
        fallen = rows[chosen][met]
        self.images[fallen] = pictures[met]
        self.fallen[fallen] = True
        return self.fallen[rows]

    def found(self) -> Found:
        return Found(
            self.images,
            reached=torch.ones_like(self.fallen),
            queries=self.queries,
            steps=self.steps,
            gradient=self.gradient,
        )
