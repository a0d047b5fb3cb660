"""The budget in Linf: the largest change of any value."""

import logging
import math

import torch
from torch import Tensor

from facetrial.attacks.budgets.budget import Budget, room
from facetrial.core.checked_settings import read_setting
from facetrial.core.randomness import Draws
from facetrial.core.settings import In255ths

log = logging.getLogger(__name__)


class Linf(Budget):
    """The largest change of a pixel's channel. Where a region is soft, its mask makes the limit smaller.

    Args:
        eps: in 1/255, the steps of an 8-bit picture: 8, or the text "8/255". Below 1 no 8-bit file can hold the change.

    Raises:
        FacetrialError: `eps` is not in (0, 255], or below 0.1, which was meant as a share of 1.
    """

    norm = "linf"
    power = math.inf

    def __init__(self, eps: In255ths) -> None:
        self.eps = float(read_setting("attack.budget.eps", In255ths, eps))
        if self.eps < 1:
            log.warning(
                "attack.budget.eps=%g is below one step of an 8-bit picture: no 8-bit file can hold such a change.",
                self.eps,
            )

    @property
    def limit(self) -> float:
        return self.eps / 255

    def size(self, height: int, width: int) -> float | Tensor:
        return self.limit * self.part

    def measure(self, change: Tensor) -> Tensor:
        return change.abs().amax((1, 2, 3))

    def project(self, images: Tensor, changed: Tensor, region: Tensor) -> Tensor:
        bound = self.size(*images.shape[-2:]) * region
        return torch.minimum(torch.maximum(changed, images - bound), images + bound).clamp_(0.0, 1.0)

    def fill(self, images: Tensor, direction: Tensor) -> tuple[Tensor, Tensor]:
        magnitude = direction.abs()
        size = torch.as_tensor(self.size(*images.shape[-2:]), device=images.device)
        far_enough = (room(images, direction) >= size) & (magnitude > 0)
        largest = (magnitude * far_enough).amax((1, 2, 3), keepdim=True)
        reached = largest > 0
        scale = torch.where(reached, size / largest, torch.inf)
        change = (scale * direction).nan_to_num(0.0).clamp(-size, size)
        return (images + change).clamp(0.0, 1.0), reached[:, 0, 0, 0]

    def steepest(self, gradient: Tensor) -> Tensor:
        return gradient.sign()

    def ball(self, change: Tensor) -> Tensor:
        return change.clamp(-self.limit, self.limit)

    def start(self, images: Tensor, region: Tensor, draws: Draws) -> Tensor:
        size = self.size(*images.shape[-2:])
        noise = 2.0 * draws.uniform(images.shape[1:], "start") - 1.0
        return (images + size * noise * region).clamp(0.0, 1.0)
