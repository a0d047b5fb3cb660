"""The best picture found so far for each of a problem, and what it cost."""

import torch
from torch import Tensor

from facetrial.attacks.goals import Aim
from facetrial.attacks.loss_gradient import Slope
from facetrial.attacks.method import Found, Gradient, Problem
from facetrial.recognition.layers import scores_of


class Best:
    """Keeps, of all pictures that an attack looked at, those nearest to its goal.

    A picture counts as fallen when the victim, in float32, is fooled by it as it is and as an 8-bit file keeps it.
    Before a victim that draws at random none does, so that every search goes on to its end: one lucky draw is no fall.

    Args:
        problem: what is attacked.

    Attributes:
        images: (B, 3, H, W), the best so far.
        advantage: (B,), by how much they meet the goal, as `Aim.advantage`, by whoever scored them.
        fallen: (B,) bool.
        queries, steps, gradient: int64 (B,), as in `Found`.
    """

    def __init__(self, problem: Problem) -> None:
        count, device = len(problem), problem.images.device
        self.problem = problem
        self.aim: Aim = problem.aim
        # One row more, to which a picture that is not kept is written, so that no count has to be known.
        self._store = torch.cat([problem.images, problem.images[:1]])
        self.advantage = torch.full((count,), -torch.inf, device=device)
        self.fallen = torch.zeros(count, dtype=torch.bool, device=device)
        self.queries = torch.zeros(count, dtype=torch.int64, device=device)
        self.steps = torch.zeros(count, dtype=torch.int64, device=device)
        self.gradient = torch.zeros(count, dtype=torch.int64, device=device)
        self._confirmed = (
            self.advantage.clone()
        )  # the advantage of the picture that was last confirmed or refused

    @property
    def images(self) -> Tensor:
        return self._store[:-1]

    def consider(self, rows: Tensor, pictures: Tensor, scores: Tensor, found: Slope | None = None) -> None:
        """Takes over pictures that are nearer the goal than what is kept of theirs. No wait for the device.

        Args:
            rows: int64 (A,), whose pictures they are; a row may come more than once.
            pictures: (A, 3, H, W), within budget, region and range.
            scores: (A, C), of `pictures`.
            found: the slope there, where it was asked for.
        """
        self.asked(rows, found)
        advantage = self.aim.select(rows).advantage(scores).float().nan_to_num(-torch.inf, neginf=-torch.inf)
        advantage = advantage.masked_fill(self.settled(rows), -torch.inf)
        before = self.advantage[rows]
        self.advantage.scatter_reduce_(0, rows, advantage, "amax")
        better = (advantage > before) & (advantage == self.advantage[rows])
        self._store.index_copy_(0, torch.where(better, rows, len(self._store) - 1), pictures)

    def settled(self, rows: Tensor) -> Tensor:
        """(A,) bool: of which pictures nothing nearer to the goal is looked for."""
        return self.fallen[rows]

    def asked(self, rows: Tensor, found: Slope | None = None) -> None:
        """Counts one picture shown for each of `rows`, and one gradient where there is one."""
        one = torch.ones_like(rows)
        self.queries.index_add_(0, rows, one)
        if found is None:
            return
        self.steps.index_add_(0, rows, one)
        quality = torch.where(found.broken, int(Gradient.NOT_FINITE), int(Gradient.ZERO))
        quality = torch.where(found.broken | found.zero, quality, int(Gradient.FINE))
        self.gradient.scatter_reduce_(0, rows, quality, "amax")

    def settle(self, rows: Tensor) -> None:
        """Has the victim score the kept pictures of `rows`, of which a guide of lower precision may be wrong."""
        rows = rows.unique()
        rows = rows[~self.fallen[rows]]
        if len(rows) == 0:
            return
        self.asked(rows)
        self.advantage[rows] = self.aim.select(rows).advantage(self.scores(rows, self.images[rows]))
        self._confirmed[rows] = -torch.inf

    def confirm(self, rows: Tensor) -> None:
        """Has the victim judge the kept pictures of `rows` that seem to meet the goal, and marks the fallen."""
        if not self.problem.certain:
            return
        rows = rows.unique()
        rows = rows[(self.advantage[rows] > self._confirmed[rows].clamp(min=0.0)) & ~self.fallen[rows]]
        if len(rows) == 0:
            return
        self._confirmed[rows] = self.advantage[rows]
        self.fallen[rows] = self.judged(rows, self.images[rows])

    def judged(self, rows: Tensor, pictures: Tensor) -> Tensor:
        """(A,) bool: which pictures fool the victim in float32, as they are and rounded to 8 bits."""
        aim = self.aim.select(rows)
        rounded = pictures.mul(255.0).round().div(255.0)
        self.queries.index_add_(0, rows, torch.full_like(rows, 2))
        return aim.met(self.scores(rows, pictures)) & aim.met(self.scores(rows, rounded))

    def scores(self, rows: Tensor, pictures: Tensor) -> Tensor:
        """The victim's float32 scores (A, C) of pictures (A, 3, H, W) of `rows`; not counted."""
        return scores_of(self.problem.victim, self.problem.seen(rows, pictures))

    def found(self, smallest: Tensor | None = None) -> Found:
        """What the method returns."""
        return Found(
            self.images,
            reached=torch.ones_like(self.fallen),
            queries=self.queries,
            steps=self.steps,
            gradient=self.gradient,
            smallest=smallest,
        )
