"""A patch: a texture that is worn on the face, and may be printed."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import torch
from torch import Tensor

from facetrial.attacks.budgets.area import Area
from facetrial.attacks.budgets.budget import Budget
from facetrial.attacks.fitted.base import Fitted, straight_through
from facetrial.attacks.fitted.patch_files import write_patch
from facetrial.attacks.fitted.printability import non_printability, total_variation
from facetrial.attacks.losses import Loss
from facetrial.attacks.problem import Problem
from facetrial.core.checked_settings import check_values, checked
from facetrial.core.errors import FacetrialError
from facetrial.core.randomness import Draws
from facetrial.core.settings import Count, NotNegative, Positive, ShareBelowOne, Unit, number
from facetrial.regions.regions import Region
from facetrial.regions.wearables import Shape, WholeFace


@dataclass
class Jitter:
    """How far a patch is from its place while it is fitted, at random; each is the most that is drawn.

    Attributes:
        scale: share by which it is larger or smaller.
        rotation: degrees.
        shift: along x and along y, in inter-eye distances.
        perspective: share by which one side of a patch as wide as the inter-eye distance is nearer than its middle.
        brightness: share by which it is lighter or darker.
    """

    scale: ShareBelowOne = 0.0
    rotation: Annotated[float, number("must lie in [0, 90)", ge=0, lt=90), Unit("degrees")] = 0.0
    shift: Annotated[ShareBelowOne, Unit("of the inter-eye distance")] = 0.0
    perspective: ShareBelowOne = 0.0
    brightness: ShareBelowOne = 0.0

    def __post_init__(self) -> None:
        check_values("attack.method.jitter", type(self).__annotations__, vars(self))

    def drawn(self, draws: Draws, stream: str, centre: tuple[float, float]) -> tuple[Tensor, Tensor]:
        """Maps (B, 3, 3) of the face's plane about `centre`, and gains (B,) of brightness."""
        chance = 2.0 * draws.uniform((7,), stream) - 1.0
        scale, angle = 1.0 + self.scale * chance[:, 0], math.radians(self.rotation) * chance[:, 1]
        zero, one = torch.zeros_like(scale), torch.ones_like(scale)
        cos, sin = scale * angle.cos(), scale * angle.sin()
        across, down = (self.shift * chance[:, i] for i in (2, 3))
        near_x, near_y = (2 * self.perspective * chance[:, i] for i in (4, 5))
        rows = [cos, -sin, across, sin, cos, down, near_x, near_y, one]
        about = torch.stack(rows, dim=1).unflatten(1, (3, 3))
        away, back = (_shifted(zero, sign * centre[0], sign * centre[1]) for sign in (-1, 1))
        return back @ about @ away, 1.0 + self.brightness * chance[:, 6]


def _shifted(like: Tensor, x: float, y: float) -> Tensor:
    """Maps (B, 3, 3) that shift by (x, y)."""
    maps = torch.eye(3, device=like.device).repeat(len(like), 1, 1)
    maps[:, 0, 2], maps[:, 1, 2] = x, y
    return maps


class Patch(Fitted):
    """A texture laid on the face by its landmarks (Brown et al., "Adversarial patch", 2017).

    While it is fitted it is moved, turned, scaled, tilted and lit at random (Athalye et al., "Synthesizing robust
    adversarial examples", ICML 2018), and its roughness and the distance of its colours from those that print are
    held against it (Sharif et al., "Accessorize to a crime", CCS 2016). On the pictures of the trial it sits in its
    nominal place. Its `step` is in pixel values; the rest as in `Fitted`.

    Args:
        loss, per, epochs, step, momentum, batch: as in `Fitted`.
        shape: what is worn: the attack's region, where that is a shape; any other region is cut out of a texture for
            the whole face.
        jitter: how far from its place, while it is fitted.
        total_variation: weight of the roughness, against a loss whose slope has the mean magnitude 1.
        printability: weight of the distance to colours that print, likewise.

    Raises:
        FacetrialError: a setting out of range.
    """

    needs_landmarks = True

    @checked("attack.method")
    def __init__(
        self,
        loss: Loss,
        per: Literal["person", "all"],
        epochs: Annotated[Count, Unit("times through the training pictures")],
        step: Annotated[Positive, Unit("of a pixel's range")],
        shape: Region,
        jitter: Jitter | None = None,
        total_variation: NotNegative = 0.0,
        printability: NotNegative = 0.0,
        momentum: ShareBelowOne = 0.9,
        batch: Annotated[Count, Unit("pictures")] = 32,
    ) -> None:
        super().__init__(loss, per, epochs, step, momentum, batch)
        self.worn = isinstance(shape, Shape)
        self.shape = shape if isinstance(shape, Shape) else WholeFace()
        self.jitter = jitter or Jitter()
        self.total_variation = total_variation
        self.printability = printability

    def blank(self, problem: Problem) -> Tensor:
        return torch.full((3, *self.shape.size), 0.5, device=problem.images.device)

    def applied(self, problem: Problem, patterns: Tensor, epoch: int | None = None) -> Tensor:
        images, region = problem.images, problem.region
        height, width = images.shape[-2:]
        maps = None
        if epoch is not None:
            maps, gains = self.jitter.drawn(problem.draws, f"placement, epoch {epoch}", self.shape.centre)
            lit = patterns * gains[:, None, None, None]
            patterns = straight_through(lit, lit.clamp(0.0, 1.0))
        texture, mask = self.shape.laid(patterns, problem.landmarks, height, width, maps)
        if not self.worn:
            texture, mask = texture * region, mask * region
        elif epoch is None:
            texture, mask = texture * (region > 0), mask * (region > 0)
        covered = images * (1.0 - mask) + texture
        with torch.no_grad():
            projected = problem.budget.project(images, covered, mask)
        return straight_through(covered, projected) if patterns.requires_grad else projected

    def moved(self, patterns: Tensor, votes: Tensor, step: float, budget: Budget) -> Tensor:
        alpha = self.shape.alpha(patterns.device)
        votes = votes / votes.abs().mean((1, 2, 3), keepdim=True).clamp(min=1e-30)
        with torch.enable_grad():
            textures = patterns.detach().requires_grad_(True)
            against = self.total_variation * total_variation(textures, alpha)
            against = against + self.printability * non_printability(textures, alpha)
            (burden,) = torch.autograd.grad(against.sum(), textures)
        return (patterns + step * (votes - burden).sign()).clamp(0.0, 1.0)

    def check(self, problem: Problem) -> None:
        if not isinstance(problem.budget, Area):
            return
        places = problem.region[0].numel()
        covered = (problem.region > 0).flatten(1).sum(1)
        too_much = covered > problem.budget.places(*problem.region.shape[-2:])
        if len(rows := too_much.nonzero()[:, 0]):
            row = int(rows[0])
            raise FacetrialError(
                f"{problem.files[row]}: the patch covers {int(covered[row]) / places:.4f} of the picture, and "
                f"attack.budget.area={problem.budget.limit:g} allows less. Raise it, or make the shape smaller "
                "(attack.region.scale)."
            )

    def export(self, folder: Path, names: list[str]) -> None:
        """Writes `patch.png` and `patch.pdf`, or `patch/<name>.png` and `.pdf` for each person."""
        fitted = self.found()
        for group, texture in zip(fitted["groups"].tolist(), fitted["patterns"], strict=True):
            title = names[group] if self.per == "person" else "everyone"
            stem = folder / "patch" / title.replace("/", "_") if self.per == "person" else folder / "patch"
            write_patch(texture, self.shape, stem, f"{type(self.shape).__name__}, {title}")
