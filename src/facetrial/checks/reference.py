"""An attack that shares no code with the methods on trial, so that a fault of theirs is not also its own."""

import math
import time
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from facetrial.attacks.attack import Attack
from facetrial.attacks.result import Attacked
from facetrial.core.randomness import Draws
from facetrial.faces.batch import Faces
from facetrial.recognition.layers import abstain_columns, adaptive_view, draws_at_random, scores_of, unchecked

NORMS = ("linf", "l2", "rms", "l1")
_MOMENTUM = 0.75
_LONGEST, _SHORTEST = 0.5, 0.02  # steps, as shares of the budget
_L1_SHARE = 0.02  # of the values that a step in L1 changes
_LEAST_STEPS = 10  # of the first start, whatever the time


class Reference:
    """A gradient attack at the region, budget and goal of another, by a loop of its own.

    It goes up the margin of the scores with momentum and steps that shorten by a cosine, from a corner of the budget
    drawn at random; who withstands is then turned towards the person who is nearest on the clean picture, and towards
    the second (targeted starts, as in Croce and Hein, "Reliable evaluation of adversarial robustness", ICML 2020).
    Gradients are those of what an attacker sees who knows the defences, in float32; the best picture is chosen by
    the victim's own scores, or, where it draws, abstains or flags, by what the attacker sees.

    Args:
        trial: the attack whose region, budget and goal it takes over.
        steps: of each start.
        seconds: how long it may take, over all calls, beyond its first steps; None: as long as it takes.

    Attributes:
        steps_taken: of the pictures of the last call, at most.
    """

    def __init__(self, trial: Attack, steps: int, seconds: float | None = None) -> None:
        self.region, self.budget, self.goal = trial.region, trial.budget, trial.goal
        self.steps = steps
        self.ends = None if seconds is None else time.monotonic() + seconds
        self.steps_taken = 0

    def __call__(
        self, victim: nn.Module, faces: Faces, seed: int, draw: int = 0, files: Sequence[str] | None = None
    ) -> Attacked:
        """As `Attack.__call__`."""
        images, own = faces.images, faces.identities
        draws = Draws(seed, faces.pictures, draw)
        height, width = images.shape[-2:]
        region = self.region(faces.landmarks, height, width, draws)
        clean = scores_of(victim, images)
        names = getattr(victim, "names", None) or [str(number) for number in range(clean.shape[1])]
        targets = self.goal.criterion(clean, own, names, draws).targets
        best = images.clone()
        reached = torch.full((len(images),), -torch.inf, device=images.device)
        self.steps_taken = 0
        for start, towards in self._starts(clean, own, targets):
            open_rows = (reached <= 0).nonzero()[:, 0]
            late = self.ends is not None and time.monotonic() > self.ends
            if len(open_rows) == 0 or (late and start > 0):
                break
            search = _Search(
                victim, images, region, own, targets, towards, self.budget.norm, self.budget.limit, draws
            )
            self._climb(search, open_rows, start, best, reached)
        fine = torch.ones(len(images), dtype=torch.bool, device=images.device)
        none = torch.zeros_like(own)
        return Attacked(best, region, fine, fine.clone(), none, none.clone(), none.clone(), targets)

    def _starts(self, clean: Tensor, own: Tensor, targets: Tensor | None) -> list[tuple[int, Tensor | None]]:
        """Numbers of starts, and whom each turns to; None: whoever is nearest at every step."""
        if targets is not None:
            return [(0, None), (1, None)]
        others = clean.scatter(1, own[:, None], -torch.inf).topk(min(2, clean.shape[1] - 1), dim=1).indices
        return [(0, None), *((1 + place, others[:, place]) for place in range(others.shape[1]))]

    def _climb(self, search: "_Search", rows: Tensor, start: int, best: Tensor, reached: Tensor) -> None:
        """Looks from one start for better pictures of `rows`, and writes them into `best` and `reached`."""
        current = search.corner(rows, start)
        velocity = torch.zeros_like(current)
        for step in range(self.steps + 1):
            advantage, gradient = search.look(rows, current)
            better = advantage > reached[rows]
            best[rows[better]], reached[rows[better]] = current[better], advantage[better]
            self.steps_taken = max(self.steps_taken, step)
            going = advantage <= 0
            rows, current, gradient, velocity = (part[going] for part in (rows, current, gradient, velocity))
            late = self.ends is not None and time.monotonic() > self.ends
            if len(rows) == 0 or step == self.steps or (late and (start > 0 or step >= _LEAST_STEPS)):
                return
            velocity = _MOMENTUM * velocity + gradient / gradient.abs().mean((1, 2, 3), keepdim=True).clamp(
                1e-30
            )
            length = max(_LONGEST * 0.5 * (1 + math.cos(math.pi * step / self.steps)), _SHORTEST)
            current = search.moved(rows, current, velocity, length)


class _Search:
    """What a start needs: slopes of the margin, and steps within norm, region and [0, 1]."""

    def __init__(
        self,
        victim: nn.Module,
        images: Tensor,
        region: Tensor,
        own: Tensor,
        targets: Tensor | None,
        towards: Tensor | None,
        norm: str,
        limit: float,
        draws: Draws,
    ) -> None:
        self.victim = unchecked(victim)
        self.view = unchecked(adaptive_view(victim))
        # Who may abstain, or flag, is to be fooled without that, which only the view has a score for.
        self.by_view = draws_at_random(victim) or abstain_columns(self.view) > 0 or self.view is self.victim
        self.images, self.region, self.own, self.targets, self.towards = images, region, own, targets, towards
        self.norm, self.draws = norm, draws
        values = images[0].numel()
        self.limit = limit * math.sqrt(values) if norm == "rms" else limit

    def look(self, rows: Tensor, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """How far pictures (A, 3, H, W) of `rows` are beyond the goal, (A,), and the slope (A, 3, H, W) to climb."""
        leaf = pictures.detach().requires_grad_(True)
        with torch.enable_grad():
            scores = self.view(leaf).float()
            loss = beyond(scores, self.own[rows], self._targets(rows), abstain_columns(self.view))
            if self.towards is not None:
                towards = self.towards[rows][:, None]
                loss_of = (scores.gather(1, towards) - scores.gather(1, self.own[rows][:, None]))[:, 0]
            else:
                loss_of = loss
            (gradient,) = torch.autograd.grad(loss_of.sum(), leaf)
        if not self.by_view:
            loss = beyond(scores_of(self.victim, pictures), self.own[rows], self._targets(rows), 0)
        gradient = gradient.float().nan_to_num(0.0, 0.0, 0.0) * self.region[rows]
        return loss.detach().nan_to_num(-torch.inf, neginf=-torch.inf), gradient

    def corner(self, rows: Tensor, start: int) -> Tensor:
        """Pictures at a corner of the budget drawn at random, half of the way to it."""
        signs = self.draws.normal(self.images.shape[1:], f"reference {start}").sign()[rows]
        return self.moved(rows, self.images[rows], signs * self.region[rows], 0.5)

    def moved(self, rows: Tensor, current: Tensor, direction: Tensor, length: float) -> Tensor:
        """Pictures a step further, within norm, region and [0, 1]; `length` is a share of the budget."""
        images, region = self.images[rows], self.region[rows]
        if self.norm == "linf":
            room = self.limit * region
            change = current - images + length * self.limit * direction.sign()
            change = torch.minimum(torch.maximum(change, -room), room)
        elif self.norm == "l1":
            change = within_l1((current - images + length * self.limit * _sparse(direction)), self.limit)
        else:
            unit = direction / direction.flatten(1).norm(dim=1)[:, None, None, None].clamp(1e-30)
            change = (current - images + length * self.limit * unit) * (region > 0)
            size = change.flatten(1).norm(dim=1)[:, None, None, None].clamp(1e-30)
            change = change * (self.limit / size).clamp(max=1.0)
        return (images + change).clamp(0.0, 1.0)

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


def within_l1(change: Tensor, limit: float) -> Tensor:
    """The nearest changes (B, 3, H, W) whose values sum to at most `limit` (Duchi et al., ICML 2008)."""
    sizes = change.flatten(1).abs()
    ordered = sizes.sort(dim=1, descending=True).values
    excess = (ordered.cumsum(1) - limit) / torch.arange(1, sizes.shape[1] + 1, device=change.device)
    count = (ordered > excess).sum(1, keepdim=True).clamp(min=1)
    threshold = excess.gather(1, count - 1).clamp(min=0.0)[..., None, None]
    return change.sign() * (change.abs() - threshold).clamp(min=0.0)


def _sparse(direction: Tensor) -> Tensor:
    """Steps of length 1 in L1 along the largest values (B, 3, H, W)."""
    count = max(1, round(_L1_SHARE * direction[0].numel()))
    least = direction.flatten(1).abs().topk(count, dim=1).values[:, -1][:, None, None, None]
    chosen = direction.sign() * (direction.abs() >= least)
    return chosen / chosen.abs().sum((1, 2, 3), keepdim=True).clamp(1.0)
