"""The budget in L1: the sum of the changes of all values."""

from typing import Annotated

import torch
from torch import Tensor

from facetrial.attacks.budgets.budget import Budget, norms, room
from facetrial.attacks.budgets.filling import scale_to_norm
from facetrial.core.checked_settings import checked
from facetrial.core.randomness import Draws
from facetrial.core.settings import Positive, Unit

_ROUNDS = 30
# Steps, as a multiple of the present change's L2. At 1 FMN ends some hundredths higher than at 3, on faces and before
# linear victims.
_ASCENT = 3.0


def _sums(values: Tensor) -> Tensor:
    return values.flatten(1).sum(1)[:, None, None, None]


class L1(Budget):
    """Sum of the changes of all pixels' channels, in [0, 1] units.

    Args:
        eps: the sum.

    Raises:
        FacetrialError: `eps` is not positive, or larger than any change to the picture.
    """

    norm = "l1"
    power = 1.0

    @checked("attack.budget")
    def __init__(self, eps: Annotated[Positive, Unit("in [0, 1] units")]) -> None:
        self.eps = float(eps)

    @property
    def limit(self) -> float:
        return self.eps

    def size(self, height: int, width: int) -> float | Tensor:
        if self.eps > (largest := 3 * height * width):
            raise self.too_large(height, width, largest)
        return self.eps * self.part

    def measure(self, change: Tensor) -> Tensor:
        return change.abs().flatten(1).sum(1)

    def project(self, images: Tensor, changed: Tensor, region: Tensor) -> Tensor:
        # With both constraints the nearest change is min(max(|d| - t, 0), room): t by bisection, its upper end taken
        # (Croce and Hein, "Mind the box", ICML 2021).
        size = self.size(*images.shape[-2:])
        direction = (changed - images) * (region > 0)
        magnitude, space = direction.abs(), room(images, direction)
        low = torch.zeros_like(magnitude[:, :1, :1, :1])
        high = magnitude.amax((1, 2, 3), keepdim=True)
        high = torch.where(_sums(torch.minimum(magnitude, space)) > size, high, low)
        for _ in range(_ROUNDS):
            middle = (low + high) / 2
            too_much = _sums(torch.minimum((magnitude - middle).clamp(min=0.0), space)) > size
            low, high = torch.where(too_much, middle, low), torch.where(too_much, high, middle)
        change = torch.minimum((magnitude - high).clamp(min=0.0), space)
        change *= (size / _sums(change).clamp(min=1e-30)).clamp(max=1.0)
        return (images + change * direction.sign()).clamp_(0.0, 1.0)

    def fill(self, images: Tensor, direction: Tensor) -> tuple[Tensor, Tensor]:
        size = self.size(*images.shape[-2:])
        scale, reached = scale_to_norm(images, direction, size, power=1)
        changed = images + (scale[:, None, None, None] * direction.double()).nan_to_num(0.0).float()
        return changed.clamp(0.0, 1.0), reached

    def rise(self, gradient: Tensor) -> Tensor:
        return gradient.abs().amax((1, 2, 3))

    def ascent(self, gradient: Tensor, change: Tensor) -> Tensor:
        # All along the one largest value would be steepest, and get nowhere. The projection makes the change sparse, as
        # far as each picture and size ask for, which no fixed share of the values does. Of changes equal in L1 sparse
        # ones are longer in L2: a step goes by the present one's, or it would do away with what was found before. Where
        # there is none yet, it is as sparse as can be.
        length = (_ASCENT * norms(change) / _sums(change.abs())).nan_to_num(1.0)
        return length * gradient / norms(gradient).clamp(min=1e-30)

    def start(self, images: Tensor, region: Tensor, draws: Draws) -> Tensor:
        # Uniform in the simplex's ball: exponential draws, normalised, with random signs.
        chance = draws.uniform((2, *images.shape[1:]), "start")
        drawn = -chance[:, 0].log() * region
        radius = draws.uniform((1, 1, 1), "start radius")
        change = drawn / _sums(drawn).clamp(min=1e-30) * radius * self.size(*images.shape[-2:])
        return (images + change * (chance[:, 1] - 0.5).sign()).clamp(0.0, 1.0)
