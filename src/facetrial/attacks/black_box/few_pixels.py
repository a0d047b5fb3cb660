"""A few pixels of any colour, found by differential evolution."""

from typing import Annotated

import torch
from torch import Tensor

from facetrial.attacks.best import Best
from facetrial.attacks.budgets.l0 import L0
from facetrial.attacks.losses import Loss
from facetrial.attacks.method import Method
from facetrial.attacks.problem import Problem
from facetrial.attacks.queries import pictures_a_pass
from facetrial.attacks.result import MethodResult
from facetrial.core.checked_settings import checked
from facetrial.core.errors import FacetrialError
from facetrial.core.randomness import Draws
from facetrial.core.settings import Count, number, whole

_CPU_PICTURES, _OTHER_PICTURES = 32, 128  # that evolve side by side
_WAVE = 50  # candidates of each picture that are painted and asked before fooled ones stop


class FewPixels(Method):
    """One, three, five or more pixels by differential evolution (Su et al., "One pixel attack", 2019).

    A candidate has a place (across, down) and a colour (r, g, b) for each pixel of the budget. A child is one
    candidate plus the scaled difference of two others, and takes its parent's place where it is as good. Places are
    shares of the region: down counts its pixels row by row, across those of a row, so that no candidate leaves it. A
    child's place beyond an end is mirrored there, its colour cut. A picture stops once it is fooled. Candidates are
    compared by a copy of the victim in float32, or by itself with attack.fast=false.

    Args:
        loss: what is to become larger. The paper takes the probability of a person, which ends near 0 or 1.
        population: candidates of a picture.
        generations: of children.
        mutation: factor of the difference, the paper's F.
        at_once: pictures a pass; None takes what suits the device.

    Raises:
        FacetrialError: a setting out of range; when called, a budget other than L0, or a region with fewer pixels.
    """

    asks_gradient = False

    @checked("attack.method")
    def __init__(
        self,
        loss: Loss,
        population: Annotated[int, whole(4)] = 400,
        generations: Annotated[int, whole(0)] = 75,
        mutation: Annotated[float, number("must lie in (0, 2]", gt=0, le=2)] = 0.5,
        at_once: Count | None = None,
    ) -> None:
        self.loss = loss
        self.population = population
        self.generations = generations
        self.mutation = mutation
        self.at_once = at_once

    def __call__(self, problem: Problem) -> MethodResult:
        pixels, best = _pixels(problem), Best(problem)
        everyone = torch.arange(len(problem), device=problem.images.device)
        a_pass = pictures_a_pass(problem.images, self.at_once)
        best.consider(everyone, problem.images, problem.ask(everyone, problem.images, at_once=a_pass))
        best.confirm(everyone)
        on_cpu = problem.images.device.type == "cpu"
        for rows in everyone[~best.fooled].split(_CPU_PICTURES if on_cpu else _OTHER_PICTURES):
            self._evolve(problem, best, rows, pixels)
        return best.found()

    def _evolve(self, problem: Problem, best: Best, rows: Tensor, pixels: int) -> None:
        """Takes the pictures at `rows` through all generations, or until they are fooled."""
        part, places = problem.select(rows), Places(problem.region[rows])
        parents = first_generation(part.draws, self.population, pixels)
        fitness = self._fitness(part, best, rows, places, parents)
        for generation in range(self.generations):
            robust = ~best.fooled[rows]
            if not robust.all():
                rows, parents, fitness = rows[robust], parents[robust], fitness[robust]
                part, places = problem.select(rows), Places(problem.region[rows])
            if len(rows) == 0:
                break
            children = next_generation(part.draws, parents, self.mutation, generation)
            reached = self._fitness(part, best, rows, places, children)
            better = reached >= fitness
            fitness = torch.where(better, reached, fitness)
            parents = torch.where(better[:, :, None, None], children, parents)

    def _fitness(
        self, part: Problem, best: Best, rows: Tensor, places: "Places", candidates: Tensor
    ) -> Tensor:
        """The losses (A, P) of candidates (A, P, K, 5); -inf from where on a picture is fooled."""
        losses = torch.full(candidates.shape[:2], -torch.inf, device=candidates.device)
        for members in torch.arange(self.population, device=losses.device).split(_WAVE):
            robust = (~best.fooled[rows]).nonzero()[:, 0]
            if len(robust) == 0:
                break
            wave = candidates[robust[:, None], members]
            pictures = painted(part.images[robust], part.region[robust], wave, places.of(robust, wave))
            owners = robust.repeat_interleave(len(members))
            scores = part.ask(owners, pictures, at_once=pictures_a_pass(pictures, self.at_once))
            best.consider(rows[owners], pictures, scores)
            asked = self.loss(scores, part.criterion.select(owners)).nan_to_num(-torch.inf, neginf=-torch.inf)
            losses[robust[:, None], members] = asked.unflatten(0, wave.shape[:2])
            best.confirm(rows[robust])
        return losses


class Places:
    """From shares of regions (A, 1, H, W) to their pixels."""

    def __init__(self, region: Tensor) -> None:
        inside = region[:, 0] > 0
        self.width = inside.shape[2]
        self.pixels = (
            (~inside.flatten(1)).byte().argsort(dim=1, stable=True)
        )  # the region's first, row by row
        self.in_row = inside.sum(2)
        self.before_row = self.in_row.cumsum(1) - self.in_row

    def of(self, rows: Tensor, candidates: Tensor) -> Tensor:
        """Places in the flat picture, int64 (S, P, K), of candidates (S, P, K, 5) for the regions at `rows`."""
        pixels, in_row, before_row = self.pixels[rows], self.in_row[rows], self.before_row[rows]
        across, down = candidates[..., 0].flatten(1), candidates[..., 1].flatten(1)
        row = pixels.gather(1, _share(down, in_row.sum(1, keepdim=True))) // self.width
        number = before_row.gather(1, row) + _share(across, in_row.gather(1, row))
        return torch.unflatten(pixels.gather(1, number), 1, candidates.shape[1:3])


def _share(share: Tensor, count: Tensor) -> Tensor:
    """Which of `count` things lies at a share in [0, 1] of them, int64."""
    return torch.minimum((share * count).long(), count - 1)


def first_generation(draws: Draws, population: int, pixels: int) -> Tensor:
    """Candidates (A, P, K, 5): places uniform, colours normal around grey, as in the paper."""
    places = draws.uniform((population, pixels, 2), "few pixels places")
    colours = 0.5 + 0.5 * draws.normal((population, pixels, 3), "few pixels colours")
    return torch.cat([places, colours.clamp(0.0, 1.0)], dim=-1)


def next_generation(draws: Draws, parents: Tensor, mutation: float, generation: int) -> Tensor:
    """A child (A, P, K, 5) for each of `parents`: one other plus the scaled difference of two more."""
    count = parents.shape[1]
    chance = draws.uniform((3, count), f"few pixels {generation}")
    # Three steps around the ring of candidates, all different and none of length 0.
    first = _share(chance[:, 0], torch.tensor(count - 1, device=chance.device)) + 1
    second = _share(chance[:, 1], torch.tensor(count - 2, device=chance.device)) + 1
    second = second + (second >= first)
    third = _share(chance[:, 2], torch.tensor(count - 3, device=chance.device)) + 1
    third = third + (third >= torch.minimum(first, second))
    third = third + (third >= torch.maximum(first, second))
    own = torch.arange(count, device=parents.device)
    person = torch.arange(len(parents), device=parents.device)[:, None]
    base, plus, minus = (parents[person, (own + step) % count] for step in (first, second, third))
    child = base + mutation * (plus - minus)
    places = 1.0 - ((child[..., :2] % 2.0) - 1.0).abs()  # mirrored at 0 and at 1
    return torch.cat([places, child[..., 2:].clamp(0.0, 1.0)], dim=-1)


def painted(images: Tensor, region: Tensor, candidates: Tensor, places: Tensor) -> Tensor:
    """Pictures (S x P, 3, H, W) with the pixels of candidates; of two in one place the later counts.

    Args:
        images: (S, 3, H, W).
        region: (S, 1, H, W) in [0, 1]; where it is soft a colour covers in part.
        candidates: (S, P, K, 5).
        places: int64 (S, P, K) in the flat pictures.
    """
    count = candidates.shape[1]
    clean = images.flatten(2)[:, None]
    pictures = clean.repeat(1, count, 1, 1)
    cover = region.flatten(1).gather(1, places.flatten(1)).unflatten(1, places.shape[1:])
    for place, colour, share in zip(
        places.unbind(2), candidates[..., 2:].unbind(2), cover.unbind(2), strict=True
    ):
        index = place[:, :, None, None].expand(-1, -1, 3, 1)
        before = clean.expand_as(pictures).gather(3, index)
        pictures.scatter_(3, index, before + share[:, :, None, None] * (colour[..., None] - before))
    return torch.unflatten(pictures.clamp_(0.0, 1.0).flatten(0, 1), 2, images.shape[2:])


def _pixels(problem: Problem) -> int:
    """How many pixels may be changed; FacetrialError where the budget counts none, or a region holds fewer."""
    if not isinstance(problem.budget, L0):
        raise FacetrialError(
            f"attack/method=few_pixels counts pixels: it needs attack/budget=l0, found a budget of norm "
            f"{problem.budget.norm}."
        )
    wanted = problem.budget.pixels
    held = (problem.region > 0).flatten(1).sum(1)
    short = (held < wanted).nonzero()[:, 0].tolist()
    if short:
        raise FacetrialError(
            f"{problem.files[short[0]]}: the region holds {int(held[short[0]])} pixels, attack.budget.pixels asks for "
            f"{wanted}. Give fewer, or a larger attack/region."
        )
    return wanted
