"""What the parts of the reference attack share: the pictures, who is asked, how far a change may go, and the best."""

import math
from functools import cached_property

import torch
from torch import Tensor, nn

from facetrial.attacks.attack import Attack
from facetrial.core.randomness import Draws
from facetrial.faces.batch import Faces
from facetrial.recognition.layers import (
    abstain_columns,
    abstains,
    adaptive_view,
    draws_at_random,
    scores_of,
    unchecked,
)
from facetrial.trial.verdicts import judged_scores

NORMS = ("linf", "l2", "rms", "l1")
_L1_SHARE = 0.02  # of the values that a step in L1 changes


class ReferenceSearch:
    """Pictures under the reference attack, at the region, budget and goal of the trial's.

    Gradients are those of what an attacker sees who knows the defences, in float32; the best picture is chosen by
    the victim's own scores, or, where it draws, abstains or flags, by what the attacker sees.

    Args:
        victim: scores (B, C), in eval mode.
        faces: B clean pictures.
        trial: the attack whose region, budget and goal it takes over.
        seed: of what is drawn.
        same: of pairs, as for `judged_scores`.
        parts: (B,), how much of the budget each picture has; None: all of it.

    Attributes:
        limits: (B, 1, 1, 1), the largest change to each picture, in L2 where the norm is RMS.
        best: (B, 3, H, W), for each picture the furthest one found.
        furthest: (B,), how far that is beyond the goal: above 0 it is reached.
    """

    def __init__(
        self,
        victim: nn.Module,
        faces: Faces,
        trial: Attack,
        seed: int,
        same: Tensor | None = None,
        parts: Tensor | None = None,
    ) -> None:
        self.images, self.identities, self.same = faces.images, faces.identities, same
        self.own = self.identities if same is None else torch.zeros_like(self.identities)
        self.victim, view = unchecked(victim), adaptive_view(victim)
        # Who may abstain, or flag, is to be fooled without that, which only the view has a score for.
        self.by_view = draws_at_random(victim) or abstain_columns(view) > 0 or view is victim
        self.view, self.abstain = unchecked(view), abstain_columns(view)
        self.draws = Draws(seed, faces.pictures)
        height, width = self.images.shape[-2:]
        self.region = trial.region(faces.landmarks, height, width, self.draws)
        self.norm = trial.budget.norm
        values = self.images[0].numel()
        limit = trial.budget.limit * (math.sqrt(values) if self.norm == "rms" else 1.0)
        parts = self.images.new_ones(len(self.images)) if parts is None else parts
        self.limits = (limit * parts).view(-1, 1, 1, 1)
        clean, names = None, list(getattr(victim, "names", None) or ())
        if trial.goal.needs_scores:
            clean = self.clean
            names = names or [str(number) for number in range(clean.shape[1])]
        self.targets = trial.goal.criterion(clean, self.identities, names, self.draws).targets
        self.best = self.images.clone()
        self.furthest = torch.full((len(self.images),), -torch.inf, device=self.images.device)

    @cached_property
    def clean(self) -> Tensor:
        """Scores (B, C) of the clean pictures, asked for when they are needed."""
        return self._judged(scores_of(self.victim, self.images), torch.arange(len(self.images)))

    def standing(self, rows: Tensor) -> Tensor:
        """Those of `rows`, numbers of pictures, whose goal is not reached."""
        return rows[self.furthest[rows] <= 0]

    def look(self, rows: Tensor, pictures: Tensor) -> None:
        """Asks about pictures (A, 3, H, W) of `rows`, and keeps those that are further than the best."""
        scores = self._judged(scores_of(self.view if self.by_view else self.victim, pictures), rows)
        self._keep(rows, pictures, scores)

    def slope(self, rows: Tensor, pictures: Tensor, towards: Tensor | None) -> Tensor:
        """As `look`, and the slope (A, 3, H, W) towards the goal, or towards the people (A,) where they are given."""
        leaf = pictures.detach().requires_grad_(True)
        with torch.enable_grad():
            scores = self._judged(self.view(leaf).float(), rows)
            if towards is None:
                loss = beyond(scores, self.own[rows], self._targets(rows), self.abstain)
            else:
                loss = (
                    scores.gather(1, towards[:, None])[:, 0] - scores.gather(1, self.own[rows][:, None])[:, 0]
                )
            (gradient,) = torch.autograd.grad(loss.sum(), leaf)
        if not self.by_view:
            scores = self._judged(scores_of(self.victim, pictures), rows)
        self._keep(rows, pictures, scores.detach())
        return gradient.float().nan_to_num(0.0, 0.0, 0.0) * self.region[rows]

    def moved(self, rows: Tensor, current: Tensor, direction: Tensor, length: float) -> Tensor:
        """Pictures (A, 3, H, W) a step further along `direction`; `length` is a share of the budget."""
        if self.norm == "linf":
            unit = direction.sign()
        elif self.norm == "l1":
            unit = _sparse(direction)
        else:
            unit = direction / lengths(direction)
        return self.within(rows, current - self.images[rows] + length * self.limits[rows] * unit)

    def within(self, rows: Tensor, change: Tensor) -> Tensor:
        """The pictures of `rows` with a change (A, 3, H, W) that is cut to norm, region and [0, 1]."""
        images, region = self.images[rows], self.region[rows]
        if self.norm == "linf":
            room = self.limits[rows] * region
            change = torch.minimum(torch.maximum(change, -room), room)
        elif self.norm == "l1":
            change = within_l1(change * (region > 0), self.limits[rows])
        else:
            change = change * (region > 0)
            change = change * (self.limits[rows] / lengths(change)).clamp(max=1.0)
        return (images + change).clamp(0.0, 1.0)

    def fooled(self) -> Tensor:
        """(B,) bool: on which of the best pictures that reach the goal the victim's own verdict is what it wants."""
        found = self.furthest > 0
        rows = found.nonzero()[:, 0]
        if len(rows) == 0:
            return found
        scores = self._judged(scores_of(self.victim, self.best[rows]), rows)
        winners, silent = scores.argmax(1), abstains(self.victim, scores) | ~scores.isfinite().all(1)
        if self.targets is None:
            found[rows] = (winners != self.own[rows]) | silent
        else:
            found[rows] = (winners == self.targets[rows]) & ~silent
        return found

    def _keep(self, rows: Tensor, pictures: Tensor, scores: Tensor) -> None:
        abstain = self.abstain if self.by_view else 0
        found = beyond(scores, self.own[rows], self._targets(rows), abstain)
        found = found.nan_to_num(-torch.inf, neginf=-torch.inf)
        better = found > self.furthest[rows]
        self.best[rows[better]], self.furthest[rows[better]] = pictures[better], found[better]

    def _judged(self, scores: Tensor, rows: Tensor) -> Tensor:
        """The scores by which pictures of `rows` are judged; `own` is the column of the right verdict."""
        return judged_scores(scores, self.identities[rows], self.same)[0]

    def _targets(self, rows: Tensor) -> Tensor | None:
        return None if self.targets is None else self.targets[rows]


def beyond(scores: Tensor, own: Tensor, targets: Tensor | None, abstain: int) -> Tensor:
    """By how much (B,) scores (B, C) name somebody else, or the target; the last `abstain` columns are nobody's."""
    names = scores.shape[1] - abstain
    if targets is None:
        others = scores.scatter(1, own[:, None], -torch.inf)[:, :names].amax(1)
        against = torch.cat([scores.gather(1, own[:, None]), scores[:, names:]], dim=1).amax(1)
        return others - against
    wanted = targets.clamp(min=0)[:, None]
    return scores.gather(1, wanted)[:, 0] - scores.scatter(1, wanted, -torch.inf).amax(1)


def within_l1(change: Tensor, limits: Tensor) -> Tensor:
    """The nearest changes (B, 3, H, W) whose values sum to at most `limits` (B, 1, 1, 1) (Duchi et al., ICML 2008)."""
    sizes = change.flatten(1).abs()
    ordered = sizes.sort(dim=1, descending=True).values
    excess = (ordered.cumsum(1) - limits.reshape(-1, 1)) / torch.arange(
        1, sizes.shape[1] + 1, device=change.device
    )
    count = (ordered > excess).sum(1, keepdim=True).clamp(min=1)
    threshold = excess.gather(1, count - 1).clamp(min=0.0)[..., None, None]
    return change.sign() * (change.abs() - threshold).clamp(min=0.0)


def lengths(change: Tensor) -> Tensor:
    """Euclidean norms (B, 1, 1, 1) of changes (B, 3, H, W)."""
    found: Tensor = change.flatten(1).norm(dim=1)
    return found[:, None, None, None].clamp(1e-30)


def _sparse(direction: Tensor) -> Tensor:
    """Steps of length 1 in L1 along the largest values (B, 3, H, W)."""
    count = max(1, round(_L1_SHARE * direction[0].numel()))
    least = direction.flatten(1).abs().topk(count, dim=1).values[:, -1][:, None, None, None]
    chosen = direction.sign() * (direction.abs() >= least)
    return chosen / chosen.abs().sum((1, 2, 3), keepdim=True).clamp(1.0)
