"""The smallest change found so far that fools the victim, and what methods that look for it have in common."""

import math

import torch
from torch import Tensor

from facetrial.attacks.best import Best
from facetrial.attacks.budgets.budget import Budget
from facetrial.attacks.gradient.iterative import IterativeAttack
from facetrial.attacks.gradient.working_set import ActiveSet, Queue
from facetrial.attacks.method import Method
from facetrial.attacks.minimum_norm.confirmation import confirmed, lengthened
from facetrial.attacks.problem import Problem
from facetrial.attacks.result import MethodResult
from facetrial.core.errors import FacetrialError
from facetrial.faces.batch import pictures_a_batch

# By how much of the scores' spread the goal must be met. On the boundary itself the same picture fools in one batch
# and does not in another, as convolutions round.
_CLEAR = 1e-5
# Steps of a picture between two looks by the victim at the smallest change that its copy takes for enough.
_LOOK = 8
# What an iterative attack found is shortened to within a thousandth of its length.
_HALVINGS = 10


class SmallestChange(Best):
    """Keeps, of the pictures that meet the goal, those with the smallest change; of the others the nearest to it.

    A picture counts as fooled when the victim, in float32, is fooled by it as it is. Rounding to 8 bits undoes changes
    below 1/510, so that the smallest change that a file keeps would say more of files than of the victim: the verdict
    in 8 bits stands in the rows apart.

    Before a victim that draws at random the search goes by the mean of a few draws; what it ends with has to be
    confirmed, at other draws, as verdicts are taken (`lengthen`). Where votes are too close nobody is named, and the
    picture is not fooled.

    Args:
        problem: what is attacked. The victim is shown the clean pictures: those that meet the goal are fooled, with
            a change of size 0.

    Attributes:
        size: (B,), of the smallest change that fools the victim, in units of the budget's `limit`; infinite
            where none is known.
    """

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem)
        self.on_the_way = True
        rows = torch.arange(len(problem), device=problem.images.device)
        for part in rows.split(pictures_a_batch(problem.images.device)):
            if not problem.certain:
                self.fooled[part] = confirmed(problem, part, problem.images[part])
                continue
            scores = problem.ask(part, problem.images[part], of=problem.victim)
            self.fooled[part] = self.criterion.select(part).is_adversarial(scores)
        self._clean = self.fooled.clone()  # with no change
        self.size = torch.where(self.fooled, 0.0, torch.inf)
        self._seen = self.size.clone()  # as `size`, by whoever scored it
        self._candidates = self._store.clone()

    def consider(self, rows: Tensor, pictures: Tensor, scores: Tensor) -> None:
        super().consider(rows, pictures, scores)
        sizes = self.problem.budget.measure(pictures - self.problem.images[rows])
        sizes = sizes.masked_fill(~self.clearly_adversarial(rows, scores), torch.inf)
        before = self._seen[rows]
        self._seen.scatter_reduce_(0, rows, sizes, "amin")
        self.write(self._candidates, rows, (sizes < before) & (sizes == self._seen[rows]), pictures)

    def settled(self, rows: Tensor) -> Tensor:
        return self.size[rows].isfinite()

    def settle(self, rows: Tensor) -> None:
        self.confirm(rows)

    def confirm(self, rows: Tensor) -> None:
        rows = rows.unique()
        rows = rows[self._seen[rows] < self.size[rows]]
        if len(rows) == 0:
            return
        fooled = self.fools_victim(rows, self._candidates[rows])
        kept, refused = rows[fooled], rows[~fooled]
        self._store[kept] = self._candidates[kept]
        self.size[kept] = self._seen[kept]
        self.fooled[kept] = True
        self._seen[refused] = self.size[refused]

    def fools_victim(self, rows: Tensor, pictures: Tensor) -> Tensor:
        """(A,) bool: which pictures fool the victim in float32."""
        return self.clearly_adversarial(rows, self.problem.ask(rows, pictures, of=self.problem.victim))

    def clearly_adversarial(self, rows: Tensor, scores: Tensor) -> Tensor:
        """(A,) bool: whether scores (A, C) meet the goal by more than convolutions round."""
        criterion = self.criterion.select(rows)
        spread = scores.amax(1) - scores.amin(1)
        return criterion.is_adversarial(scores) & (criterion.adversarial_margin(scores) > _CLEAR * spread)

    def shorten(self, rows: Tensor, halvings: int, robust: Tensor | None = None) -> None:
        """Brings the kept changes of `rows` nearer to clean, as long as the victim is fooled: a search by halves.

        Args:
            rows: int64 (A,); those that are not fooled are passed over.
            halvings: how many.
            robust: (B,), parts of the budget's limit, to which no change need be shortened.
        """
        problem = self.problem
        rows = rows[(self.size[rows] > 0) & self.size[rows].isfinite()]
        for some in rows.split(pictures_a_batch(problem.images.device)) if len(rows) else ():
            part = problem.select(some)
            fooling = self.size[some] / problem.budget.limit
            failing = torch.zeros_like(fooling) if robust is None else robust[some].minimum(fooling)
            for _ in range(halvings):
                middle = (fooling + failing) / 2
                shorter = problem.budget.scaled(middle).project(part.images, self.images[some], part.region)
                scores = problem.ask(some, shorter, of=problem.victim)
                self.consider(some, shorter, scores)
                fooled = self.clearly_adversarial(some, scores)
                fooling, failing = torch.where(fooled, middle, fooling), torch.where(fooled, failing, middle)
            self.confirm(some)

    def lengthen(self) -> None:
        """Before a victim that draws, goes on along the kept changes, to where it is fooled at draws that nobody has
        seen.

        To be called last. A picture that does not fool it as far as the budget reaches is not fooled.
        """
        if self.problem.certain:
            return
        for rows in (~self._clean).nonzero()[:, 0].split(pictures_a_batch(self._clean.device)):
            self._store[rows], self.size[rows] = lengthened(self.problem, rows, self.images[rows])
            self.fooled[rows] = self.size[rows].isfinite()

    def found(self, smallest: Tensor | None = None) -> MethodResult:
        return super().found(self.size if smallest is None else smallest)


def check_norm(method: Method, budget: Budget, norms: tuple[str, ...]) -> None:
    """Raises FacetrialError unless the budget is of one of the norms."""
    if budget.norm not in norms:
        raise FacetrialError(
            f"attack/method: {type(method).__name__} looks for the smallest change in {' or '.join(norms)}, found a "
            f"budget of norm {budget.norm}. Choose attack/budget={norms[0]}, or another attack/method."
        )


class MinimumNormAttack(IterativeAttack):
    """Base of iterative attacks that look for the smallest change: a fooled picture goes on, to be fooled with less.

    Attributes:
        norms: those of the budgets that it can look in.
    """

    at_boundary = True
    takes_surrogate = False
    norms: tuple[str, ...]

    def __call__(self, problem: Problem) -> MethodResult:
        check_norm(self, problem.budget, self.norms)
        best = SmallestChange(problem)
        self.run(problem, best)
        best.shorten(torch.arange(len(problem), device=problem.images.device), _HALVINGS)
        best.lengthen()
        return best.found()

    def _staying(self, problem: Problem, best: Best, active: ActiveSet, queue: Queue) -> ActiveSet | None:
        going = super()._staying(problem, best, active, queue)
        due = [place for place, taken in enumerate(active.taken) if taken >= self.steps or taken % _LOOK == 0]
        if due:
            best.confirm(active.rows[due])
        return going


def annealed(step: Tensor, steps: int, first: float, last: float) -> Tensor:
    """From `first` at step 0 to `last` at `steps`, along half a cosine, (A,)."""
    return last + (first - last) * (1.0 + torch.cos(math.pi * step / steps)) / 2.0
