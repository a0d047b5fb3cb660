"""The reference attack: both its halves within the time that it has, and what of it was done."""

import time
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from facetrial.attacks.attack import Attack
from facetrial.checks.reference.climb import climb, starts_of
from facetrial.checks.reference.search import ReferenceSearch
from facetrial.checks.reference.squares import NORMS, paint
from facetrial.faces.batch import Faces
from facetrial.recognition.layers import draws_at_random

_FOR_SLOPES = 2 / 3  # of the time, where squares follow
_PAINTED = 6  # pictures: squares take many queries, and these are enough to tell chance from none


@dataclass(frozen=True)
class Found:
    """What the reference attack did to B pictures.

    Attributes:
        images: (B, 3, H, W) in [0, 1].
        fooled: (B,) bool.
        tried: (B,) bool; the others were given up, for want of time, after the first steps.
        by_squares: how many were fooled that slopes did not fool.
        effort: in words, how much was done of what was to be.
    """

    images: Tensor
    fooled: Tensor
    tried: Tensor
    by_squares: int
    effort: str


class Reference:
    """Attacks pictures at the region, budget and goal of another attack, by slopes and then by squares.

    Args:
        trial: the other attack.
        steps: of each start along slopes.
        queries: squares that are then shown of each picture that still stands; 0 leaves them out, as do victims that
            draw, whose answers they would pick by luck, and a budget in L1.
        same: of pairs, as for `judged_scores`.
    """

    def __init__(self, trial: Attack, steps: int, queries: int, same: Tensor | None = None) -> None:
        self.trial = trial
        self.steps = steps
        self.queries = queries
        self.same = same

    def __call__(
        self, victim: nn.Module, faces: Faces, seed: int, seconds: float, parts: Tensor | None = None
    ) -> Found:
        """Attacks a batch.

        Args:
            victim: scores (B, C), in eval mode.
            faces: B clean pictures.
            seed: of what is drawn.
            seconds: it may take; the step that is under way when they are over is ended.
            parts: (B,), how much of the budget each picture has; None: all of it.
        """
        begun = time.monotonic()
        search = ReferenceSearch(victim, faces, self.trial, seed, self.same, parts)
        queries = 0 if search.norm not in NORMS or draws_at_random(victim) else self.queries
        rows = torch.arange(len(faces.images), device=search.images.device)
        starts = starts_of(search)
        ends = begun + seconds * (_FOR_SLOPES if queries else 1.0)
        taken = 0
        for start in range(starts):
            standing = search.standing(rows)
            if len(standing) == 0 or (start and time.monotonic() > ends):
                break
            steps, kept = climb(search, standing, start, self.steps, ends)
            rows = rows[~torch.isin(rows, standing) | torch.isin(rows, kept)]
            taken += steps
        standing = search.standing(rows)
        standing = standing[search.furthest[standing].argsort(descending=True)][:_PAINTED]
        shown = paint(search, standing, queries, begun + seconds) if queries else 0
        tried = torch.zeros(len(search.images), dtype=torch.bool, device=rows.device)
        tried[rows] = True
        fooled = search.fooled()
        asked = starts * self.steps
        painted = f"squares by scores on each of {len(standing)} pictures"
        if (taken < asked and len(standing)) or (shown < queries and len(search.standing(standing))):
            effort = f"{taken} of {asked} steps along slopes"
            effort += f", then {shown} of {queries} {painted}" if queries else ""
            effort += f", in the {seconds:.2g} s that it may take"
        else:
            effort = f"up to {starts} starts of {self.steps} steps along slopes"
            effort += f", then {queries} {painted}" if queries and len(standing) else ""
        return Found(search.best, fooled, tried, int(fooled[standing].sum()) if queries else 0, effort)
