"""HopSkipJump: the smallest change, by the victim's decisions alone."""

import math
from dataclasses import replace
from typing import Annotated

import torch
from torch import Tensor
from torch.nn import functional as F

from facetrial.attacks.best import Best
from facetrial.attacks.black_box.norm_geometry import Geometry, LinfGeometry, geometry_of
from facetrial.attacks.method import Method
from facetrial.attacks.minimum_norm.confirmation import confirmed, lengthened
from facetrial.attacks.problem import Problem
from facetrial.attacks.queries import pictures_a_pass
from facetrial.attacks.result import MethodResult
from facetrial.core.checked_settings import checked, read_setting
from facetrial.core.settings import Count, InsideShare, Unit, whole

_CPU_PICTURES, _OTHER_PICTURES = 32, 128  # that are searched side by side
_WAVE = 16  # probes of each picture that are drawn and asked together
_BISECTIONS = 18  # to 4e-6 of the way, well below a probe's effect
_STEPS = 12  # lengths that are tried for a step, each half of the last
# How far beyond the boundary, as a share of the change, the last picture goes for a verdict that holds in 8 bits and in
# any batch: on the boundary itself, rounding decides.
_BEYOND = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3)
_GRAINS = (1, 4, 16)  # sides in pixels of the squares of which starts are made


class HopSkipJump(Method):
    """Walks along the boundary between decisions, to where it is nearest the clean picture.

    Chen, Jordan and Wainwright, "HopSkipJumpAttack" (2020), for L2 and Linf: from noise that meets the goal back to
    the boundary by bisection; there, decisions on random probes tell the direction; a step along it, and back again.
    It asks for decisions only, of a copy of the victim in float32, or of itself with attack.fast=false. A start is
    uniform noise inside the region, of single pixels or larger squares by turns. Two lengths differ from the paper:
    a probe changes a fixed share of the present distance, and bisection ends at a fixed share. The paper's shrink
    with the number of pixels, to below what float32 can tell apart in a face's.

    It looks for the smallest change (`smallest`), confirmed by the victim as it is and rounded to 8 bits, whatever
    the budget's size. It returns that picture where the change keeps to the budget, else the clean one. Before a victim
    that draws at random it is confirmed at other draws, not rounded, up to the budget's size, and beyond `queries`.

    Args:
        queries: pictures of each that are shown to the victim or its copy at most, verdicts counted.
        starts: noise pictures that are tried until one meets the goal; the picture is given up if none does.
        probes: for the first direction; the paper's B0. The k-th takes the root of k times as many.
        probe: share of the distance that a probe changes.
        at_once: pictures a pass; None takes what suits the device.

    Raises:
        FacetrialError: a setting out of range; when called, a budget that is neither Linf nor L2 (or RMS).
    """

    asks_gradient = False

    @checked("attack.method")
    def __init__(
        self,
        queries: Count = 1000,
        starts: Count = 30,
        probes: Annotated[int, whole(2)] = 100,
        probe: Annotated[InsideShare, Unit("of the distance")] = 0.02,
        at_once: Count | None = None,
    ) -> None:
        fewest = 1 + starts + _BISECTIONS + 2 * len(_BEYOND)
        read_setting("attack.method.queries", Annotated[int, whole(fewest)], queries)
        self.queries = queries
        self.starts = starts
        self.probes = probes
        self.probe = probe
        self.at_once = at_once

    def __call__(self, problem: Problem) -> MethodResult:
        geometry = geometry_of(problem)
        best, limit = Best(problem), problem.queries + self.queries
        images = problem.images.clone()
        smallest = problem.images.new_full((len(problem),), torch.inf)
        on_cpu = problem.images.device.type == "cpu"
        everyone = torch.arange(len(problem), device=images.device)
        for rows in everyone.split(_CPU_PICTURES if on_cpu else _OTHER_PICTURES):
            if problem.certain:
                adversarial = self._is_adversarial(problem.select(rows), problem.images[rows])
            else:
                adversarial = confirmed(problem, rows, problem.images[rows])
            smallest[rows[adversarial]] = 0.0
            rows, changes = self._start(problem, rows[~adversarial])
            changes = self._iterate(problem, geometry, rows, changes, limit)
            self._finish(problem, geometry, best, rows, changes, images, smallest)
        return replace(best.found(smallest), images=images)

    def _is_adversarial(self, part: Problem, pictures: Tensor) -> Tensor:
        """(A,) bool: the decisions on pictures (A, 3, H, W) of `part`."""
        own = torch.arange(len(part), device=pictures.device)
        a_pass = pictures_a_pass(pictures, self.at_once)
        return part.criterion.is_adversarial(part.ask(own, pictures.clamp(0.0, 1.0), at_once=a_pass))

    def _start(self, problem: Problem, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Those of `rows` for which noise was found that meets the goal, and the changes (A, 3, H, W) to it."""
        found_rows, found_changes = [rows[:0]], [problem.images[:0]]
        for number in range(self.starts):
            if len(rows) == 0:
                break
            part = problem.select(rows)
            noise = part.draws.uniform(part.images.shape[1:], f"hop start {number}")
            change = (coarse(noise, _GRAINS[number % len(_GRAINS)]) - part.images) * part.region
            adversarial = self._is_adversarial(part, part.images + change)
            found_rows.append(rows[adversarial])
            found_changes.append(change[adversarial])
            rows = rows[~adversarial]
        rows, order = torch.cat(found_rows).sort()
        return rows, torch.cat(found_changes)[order]

    def _iterate(
        self, problem: Problem, geometry: Geometry, rows: Tensor, changes: Tensor, limit: Tensor
    ) -> Tensor:
        """The smallest changes (A, 3, H, W) on the way from `changes`, which meet the goal; `limit` (B,) of queries."""
        if len(rows) == 0:
            return changes
        part = problem.select(rows)
        current = self._to_boundary(part, geometry, changes)
        smallest, going = current.clone(), torch.arange(len(rows), device=rows.device)
        for number in range(1, self.queries):
            probes = int(self.probes * math.sqrt(number))
            cost = probes + _STEPS + _BISECTIONS + 2 * len(_BEYOND)
            asks = part.queries + cost <= limit[rows]
            if not asks.all():
                rows, going, current = rows[asks], going[asks], current[asks]
                part = problem.select(rows)
            if len(rows) == 0:
                break
            direction = self._direction(part, geometry, current, number, probes)
            stepped = self._step(part, geometry, current, direction, number)
            current = self._to_boundary(part, geometry, stepped)
            shorter = geometry.length(current, part.region) < geometry.length(smallest[going], part.region)
            smallest[going] = torch.where(shorter, current, smallest[going])
        return smallest

    def _to_boundary(self, part: Problem, geometry: Geometry, changes: Tensor) -> Tensor:
        """The changes taken back until they only just meet the goal."""
        low = changes.new_zeros(len(changes), 1, 1, 1)
        high = torch.ones_like(low)
        for _ in range(_BISECTIONS):
            middle = (low + high) / 2
            adversarial = self._is_adversarial(
                part, part.images + geometry.back(changes, part.region, middle)
            )
            adversarial = adversarial[:, None, None, None]
            low, high = torch.where(adversarial, low, middle), torch.where(adversarial, middle, high)
        return geometry.back(changes, part.region, high)

    def _direction(
        self, part: Problem, geometry: Geometry, current: Tensor, number: int, probes: int
    ) -> Tensor:
        """The direction of length 1 along which probes meet the goal: an estimate of the gradient's."""
        values = 3 * (part.region > 0).flatten(1).sum(1)[:, None, None, None]
        # For Linf the same share of the largest change, for each value.
        each = geometry.length(current, part.region) * self.probe
        each = each if isinstance(geometry, LinfGeometry) else each / values.sqrt()
        picture = part.images + current
        sums, signed, count = torch.zeros_like(current), torch.zeros_like(current), torch.zeros_like(each)
        for wave in range(0, probes, _WAVE):
            many = min(_WAVE, probes - wave)
            noise = part.draws.normal((many, *current.shape[1:]), f"hop {number} {wave}")
            probed = (picture[:, None] + (each * part.region)[:, None] * noise).clamp_(0.0, 1.0)
            owners = torch.arange(len(part), device=picture.device).repeat_interleave(many)
            scores = part.ask(owners, probed.flatten(0, 1), at_once=pictures_a_pass(picture, self.at_once))
            adversarial = (
                part.criterion.select(owners).is_adversarial(scores).unflatten(0, (-1, many)).float() * 2.0
                - 1.0
            )
            moved = probed - picture[:, None]
            sums += moved.sum(1)
            signed += (moved * adversarial[:, :, None, None, None]).sum(1)
            count += adversarial.sum(1)[:, None, None, None]
        # Less the mean decision, which takes noise away; where all agree, that is all there is.
        mean = count / probes
        gradient = torch.where(mean.abs() < 1.0, signed - mean * sums, signed)
        return geometry.direction(gradient, part.region)

    def _step(
        self, part: Problem, geometry: Geometry, current: Tensor, direction: Tensor, number: int
    ) -> Tensor:
        """The change after the longest step that still meets the goal; `current` where none does."""
        step = geometry.length(current, part.region) / math.sqrt(number)
        stepped, open_ = current.clone(), torch.arange(len(part), device=step.device)
        for _ in range(_STEPS):
            tried = part.select(open_)
            moved = (tried.images + current[open_] + step[open_] * direction[open_]).clamp_(0.0, 1.0)
            adversarial = self._is_adversarial(tried, moved)
            stepped[open_[adversarial]] = (moved - tried.images)[adversarial]
            open_, step = open_[~adversarial], step / 2
            if len(open_) == 0:
                break
        return stepped

    def _finish(
        self,
        problem: Problem,
        geometry: Geometry,
        best: Best,
        rows: Tensor,
        changes: Tensor,
        images: Tensor,
        smallest: Tensor,
    ) -> None:
        """Has the victim confirm the changes, a little longer where need be, and writes them down."""
        if not problem.certain:
            pictures, smallest[rows] = lengthened(problem, rows, problem.images[rows] + changes)
            kept = smallest[rows].isfinite()
            images[rows[kept]] = pictures[kept]
            return
        unit = problem.budget.limit / problem.budget.size(*images.shape[-2:])
        for beyond in _BEYOND:
            part = problem.select(rows)
            pictures = (part.images + (1.0 + beyond) * changes).clamp_(0.0, 1.0)
            lengths = geometry.length(pictures - part.images, part.region)[:, 0, 0, 0] * unit
            fooled = best.fools_victim(rows, pictures)
            smallest[rows[fooled]] = lengths[fooled]
            kept = fooled & (lengths <= problem.budget.limit)
            images[rows[kept]] = pictures[kept]
            rows, changes = rows[~fooled], changes[~fooled]
            if len(rows) == 0:
                break


def coarse(noise: Tensor, side: int) -> Tensor:
    """Noise (B, 3, H, W) made of squares of `side` pixels, each of the value at its corner."""
    height, width = noise.shape[-2:]
    return F.interpolate(noise[..., ::side, ::side], scale_factor=side)[..., :height, :width]
