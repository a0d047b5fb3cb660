"""The best that an attack found so far."""

import torch
from torch import Tensor

from facetrial.attacks.goals import Criterion
from facetrial.attacks.problem import Problem
from facetrial.attacks.result import MethodResult


class Best:
    """Keeps, of all pictures that an attack looked at, those nearest to its goal.

    A picture counts as fooled when the victim, in float32, is fooled by it as it is and as an 8-bit file keeps it.
    Before a victim that draws at random none does, so that every search goes on to its end: one lucky draw fools
    nobody.

    Args:
        problem: what is attacked.

    Attributes:
        images: (B, 3, H, W), the best so far.
        margin: (B,), by how much they meet the goal, `Criterion.adversarial_margin`, by whoever scored them.
        fooled: (B,) bool.
        on_the_way: whether an iterative attack has it consider what it passes, and not only where a start ends.
            Before a victim that draws, the nearest of many to the goal is the one with the luckiest draws.
    """

    def __init__(self, problem: Problem) -> None:
        count, device = len(problem), problem.images.device
        self.problem = problem
        self.certain = self.on_the_way = problem.certain
        self.criterion: Criterion = problem.criterion
        # One row more, to which a picture that is not kept is written, so that no count has to be known.
        self._store = torch.cat([problem.images, problem.images[:1]])
        self.margin = torch.full((count,), -torch.inf, device=device)
        self.fooled = torch.zeros(count, dtype=torch.bool, device=device)
        self._confirmed = self.margin.clone()  # the margin of the picture that was last confirmed or not

    @property
    def images(self) -> Tensor:
        return self._store[:-1]

    def consider(self, rows: Tensor, pictures: Tensor, scores: Tensor) -> None:
        """Takes over pictures that are nearer the goal than what is kept of theirs. No wait for the device.

        Args:
            rows: int64 (A,), whose pictures they are; a row may come more than once.
            pictures: (A, 3, H, W), within budget, region and range.
            scores: (A, C), of `pictures`.
        """
        settled = self.settled(rows)
        margin = self.criterion.select(rows).adversarial_margin(scores).float()
        margin = margin.nan_to_num(-torch.inf, neginf=-torch.inf).masked_fill(settled, -torch.inf)
        before = self.margin[rows]
        self.margin.scatter_reduce_(0, rows, margin, "amax")
        self.write(self._store, rows, (margin > before) & (margin == self.margin[rows]), pictures)

    @staticmethod
    def write(store: Tensor, rows: Tensor, better: Tensor, pictures: Tensor) -> None:
        """Puts the pictures that are `better`, (A,) bool, into the rows (A,) of a store whose last row is no picture's.

        Of two for the same row the last is taken: a device that wrote both at once might mix them.
        """
        none = len(store) - 1
        places = torch.arange(len(rows), device=rows.device)
        wanted = torch.where(better, rows, none)
        last = places.new_full((len(store),), -1).scatter_reduce_(0, wanted, places, "amax")
        store.index_copy_(0, torch.where(last[wanted] == places, wanted, none), pictures)

    def settled(self, rows: Tensor) -> Tensor:
        """(A,) bool: of which pictures nothing nearer to the goal is looked for."""
        return self.fooled[rows]

    def settle(self, rows: Tensor) -> None:
        """Has the victim score the kept pictures of `rows`, of which a proxy of lower precision may be wrong."""
        rows = rows.unique()
        rows = rows[~self.fooled[rows]]
        if len(rows) == 0:
            return
        scores = self.problem.ask(rows, self.images[rows], of=self.problem.victim)
        self.margin[rows] = self.criterion.select(rows).adversarial_margin(scores)
        self._confirmed[rows] = -torch.inf

    def confirm(self, rows: Tensor) -> None:
        """Has the victim judge the kept pictures of `rows` that seem to meet the goal, and marks the fooled."""
        if not self.certain:
            return
        rows = rows.unique()
        rows = rows[(self.margin[rows] > self._confirmed[rows].clamp(min=0.0)) & ~self.fooled[rows]]
        if len(rows) == 0:
            return
        self._confirmed[rows] = self.margin[rows]
        self.fooled[rows] = self.fools_victim(rows, self.images[rows])

    def fools_victim(self, rows: Tensor, pictures: Tensor) -> Tensor:
        """(A,) bool: which pictures fool the victim in float32, as they are and rounded to 8 bits."""
        part = self.problem.select(rows)
        saved_pictures = part.budget.in_8_bits(part.images, pictures)
        both = torch.cat([pictures, saved_pictures])
        exact, saved = self.problem.ask(torch.cat([rows, rows]), both, of=self.problem.victim).chunk(2)
        criterion = self.criterion.select(rows)
        return criterion.is_adversarial(exact) & criterion.is_adversarial(saved)

    def found(self, smallest: Tensor | None = None) -> MethodResult:
        """What the method returns."""
        return MethodResult(self.images, reached=torch.ones_like(self.fooled), smallest=smallest)
