"""What a search found before a victim that draws: lengthened until the victim falls at draws that the search never saw.

A search shows a picture at every step to the mean of a few draws, and keeps the smallest change that fools it. That is
the one with the luckiest draws, and the victim mostly stands before it.
"""

import torch
from torch import Tensor

from facetrial.attacks.best import Best
from facetrial.attacks.loss_gradient import slope
from facetrial.attacks.losses import Margin
from facetrial.attacks.method import Problem
from facetrial.recognition.layers import abstains, passes, scores_of

_GROWTH = 1.5  # of a change before which the victim stands
_HALVINGS = 4  # between the longest that stood and the first that fell
_LEAST = 1 / 256  # of the budget: what is shorter has no direction that means anything


def confirmed(problem: Problem, best: Best, rows: Tensor, pictures: Tensor) -> Tensor:
    """(A,) bool: which pictures (A, 3, H, W) of `rows` meet the goal by `problem.judge`. To name nobody does not."""
    times = -(-passes(problem.judge) // passes(problem.victim))
    best.queries.index_add_(0, rows, torch.full_like(rows, times))
    scores = scores_of(problem.judge, problem.seen(rows, pictures))
    return problem.aim.select(rows).met(scores) & ~abstains(problem.judge, scores)


def lengthened(problem: Problem, best: Best, rows: Tensor, pictures: Tensor) -> tuple[Tensor, Tensor]:
    """The nearest pictures, on rays from the clean ones through `pictures`, before which the victim is seen to fall.

    Luck can also choose a ray along which the victim never falls, or a change too short to have a direction: there the
    ray is that of the margin's slope.

    Args:
        problem: what is attacked, with a judge.
        best: where what is asked is counted.
        rows: int64 (A,).
        pictures: (A, 3, H, W), within the region.

    Returns:
        The pictures (A, 3, H, W), within budget, region and range; and the sizes (A,) of their changes, in units of
        the budget's `limit`. Where the victim stands as far as the budget reaches, the size is infinite and the picture
        the farthest.
    """
    change = pictures - problem.images[rows]
    length = (problem.budget.measure(change) / problem.budget.limit).clamp(max=1.0)
    short = length < _LEAST
    found, sizes = pictures.clone(), torch.full_like(length, torch.inf)
    own = (~short).nonzero()[:, 0]
    rays = change[own] / length[own][:, None, None, None]
    found[own], sizes[own] = _along(problem, best, rows[own], rays, length[own])
    left = sizes.isinf().nonzero()[:, 0]
    if len(left):
        rays = _steepest(problem, best, rows[left])
        others, reached = _along(problem, best, rows[left], rays, length[left].clamp(min=_LEAST))
        taken = reached.isfinite() | short[left]
        found[left[taken]], sizes[left] = others[taken], reached
    return found, sizes


def _along(problem: Problem, best: Best, rows: Tensor, rays: Tensor, length: Tensor) -> tuple[Tensor, Tensor]:
    """As `lengthened`, along rays (A, 3, H, W), changes as long as the budget, from `length` (A,) of them on."""
    part, budget = problem.select(rows), problem.budget
    length, stood = length.clone(), torch.zeros_like(length)
    fell, found = torch.zeros_like(length, dtype=torch.bool), part.images.clone()

    def falls(some: Tensor, tried: Tensor) -> Tensor:
        here = part.select(some)
        changed = here.images + tried[:, None, None, None] * rays[some]
        changed = budget.scaled(tried).project(here.images, changed, here.region)
        fall = confirmed(problem, best, rows[some], changed)
        kept = fall | ~fell[some]
        found[some[kept]] = changed[kept]
        return fall

    going = torch.arange(len(rows), device=rows.device)
    while len(going):
        fell[going] = falls(going, length[going])
        going = going[~fell[going] & (length[going] < 1.0)]
        stood[going] = length[going]
        length[going] = (_GROWTH * length[going]).clamp(max=1.0)
    going = (fell & (stood > 0)).nonzero()[:, 0]
    for _ in range(_HALVINGS if len(going) else 0):
        middle = (stood[going] + length[going]) / 2
        fall = falls(going, middle)
        length[going] = torch.where(fall, middle, length[going])
        stood[going] = torch.where(fall, stood[going], middle)
    sizes = budget.measure(found - part.images)
    return found, sizes.masked_fill(~fell, torch.inf)


def _steepest(problem: Problem, best: Best, rows: Tensor) -> Tensor:
    """The changes (A, 3, H, W) of the budget's size along which the margin of the clean pictures rises most."""
    part = problem.select(rows)
    images = part.images.clone().requires_grad_(True)
    with torch.enable_grad():
        seen = problem.seen(rows, images)
    found = slope(problem.guide, Margin(), images, seen, part.aim, part.region)
    best.asked(rows, found)
    return problem.budget.size(*images.shape[-2:]) * problem.budget.steepest(found.gradient)
