"""What a search found before a victim that draws: lengthened until it fools at draws that the search never saw.

A search shows a picture at every step to the mean of a few draws, and keeps the smallest change that fools it. That is
the one with the luckiest draws, and it mostly does not fool the victim again.
"""

import torch
from torch import Tensor

from facetrial.attacks.losses import Margin
from facetrial.attacks.problem import Problem
from facetrial.recognition.layers import abstains, forward_passes

_GROWTH = 1.5  # of a change that does not fool the victim
_HALVINGS = 4  # between the longest that did not fool and the first that did
_LEAST = 1 / 256  # of the budget: what is shorter has no direction that means anything


def confirmed(problem: Problem, rows: Tensor, pictures: Tensor) -> Tensor:
    """(A,) bool: which pictures (A, 3, H, W) of `rows` meet the goal for the confirmer; to name nobody does not."""
    if (confirmer := problem.confirmer) is None:
        raise ValueError("a victim that does not draw has no confirmer; ask it itself.")
    times = -(-forward_passes(confirmer) // problem.forward_passes)
    scores = problem.ask(rows, pictures, of=confirmer, times=times)
    return problem.criterion.select(rows).is_adversarial(scores) & ~abstains(confirmer, scores)


def lengthened(problem: Problem, rows: Tensor, pictures: Tensor) -> tuple[Tensor, Tensor]:
    """The nearest pictures, on rays from the clean ones through `pictures`, that are seen to fool the victim.

    Luck can also choose a ray along which the victim is never fooled, or a change too short to have a direction:
    there the ray is that of the margin's slope.

    Args:
        problem: what is attacked, with a confirmer.
        rows: int64 (A,).
        pictures: (A, 3, H, W), within the region.

    Returns:
        The pictures (A, 3, H, W), within budget, region and range; and the sizes (A,) of their changes, in units of
        the budget's `limit`. Where the victim is robust as far as the budget reaches, the size is infinite and the
        picture the farthest.
    """
    change = pictures - problem.images[rows]
    length = (problem.budget.measure(change) / problem.budget.limit).clamp(max=1.0)
    short = length < _LEAST
    found, sizes = pictures.clone(), torch.full_like(length, torch.inf)
    own = (~short).nonzero()[:, 0]
    rays = change[own] / length[own][:, None, None, None]
    found[own], sizes[own] = _along(problem, rows[own], rays, length[own])
    left = sizes.isinf().nonzero()[:, 0]
    if len(left):
        rays = _steepest(problem, rows[left])
        others, reached = _along(problem, rows[left], rays, length[left].clamp(min=_LEAST))
        taken = reached.isfinite() | short[left]
        found[left[taken]], sizes[left] = others[taken], reached
    return found, sizes


def _along(problem: Problem, rows: Tensor, rays: Tensor, length: Tensor) -> tuple[Tensor, Tensor]:
    """As `lengthened`, along rays (A, 3, H, W), changes as long as the budget, from `length` (A,) of them on."""
    part, budget = problem.select(rows), problem.budget
    length, robust = length.clone(), torch.zeros_like(length)
    fooled, found = torch.zeros_like(length, dtype=torch.bool), part.images.clone()

    def fools(some: Tensor, tried: Tensor) -> Tensor:
        here = part.select(some)
        changed = here.images + tried[:, None, None, None] * rays[some]
        changed = budget.scaled(tried).project(here.images, changed, here.region)
        fooling = confirmed(problem, rows[some], changed)
        kept = fooling | ~fooled[some]
        found[some[kept]] = changed[kept]
        return fooling

    going = torch.arange(len(rows), device=rows.device)
    while len(going):
        fooled[going] = fools(going, length[going])
        going = going[~fooled[going] & (length[going] < 1.0)]
        robust[going] = length[going]
        length[going] = (_GROWTH * length[going]).clamp(max=1.0)
    going = (fooled & (robust > 0)).nonzero()[:, 0]
    for _ in range(_HALVINGS if len(going) else 0):
        middle = (robust[going] + length[going]) / 2
        fooling = fools(going, middle)
        length[going] = torch.where(fooling, middle, length[going])
        robust[going] = torch.where(fooling, robust[going], middle)
    sizes = budget.measure(found - part.images)
    return found, sizes.masked_fill(~fooled, torch.inf)


def _steepest(problem: Problem, rows: Tensor) -> Tensor:
    """The changes (A, 3, H, W) of the budget's size along which the margin of the clean pictures rises most."""
    images = problem.images[rows]
    found = problem.ask(rows, images, Margin())
    direction = problem.budget.ascent(found.gradient, torch.zeros_like(images))
    return problem.budget.size(*images.shape[-2:]) * direction
