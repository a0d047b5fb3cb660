"""The budget in L0: the number of pixels that are changed."""

import torch
from torch import Tensor

from facetrial.attacks.budgets.budget import Budget
from facetrial.core.checked_settings import checked
from facetrial.core.settings import Count


class L0(Budget):
    """Pixels changed; all channels of one place count once.

    Args:
        pixels: how many.

    Raises:
        FacetrialError: `pixels` is not a positive whole number.
    """

    norm = "l0"

    @checked("attack.budget")
    def __init__(self, pixels: Count) -> None:
        self.pixels = int(pixels)

    @property
    def limit(self) -> float:
        return float(self.pixels)

    def size(self, height: int, width: int) -> float:
        return float(self.places(height, width))

    def places(self, height: int, width: int) -> int:
        """How many places of a picture of this size may be changed."""
        if self.pixels > height * width:
            raise self.too_large(height, width, height * width)
        return self.pixels

    def measure(self, change: Tensor) -> Tensor:
        return (change != 0).any(1).flatten(1).sum(1).float()

    def scaled(self, part: Tensor) -> "L0":
        raise self._lacks("size of its own for each picture")

    def project(self, images: Tensor, changed: Tensor, region: Tensor) -> Tensor:
        direction = (changed - images) * (region > 0)
        clipped = changed.clamp(0.0, 1.0) - images
        # What keeping a pixel's change brings the result nearer.
        gain = (direction.square() - (direction - clipped * (region > 0)).square()).sum(1).flatten(1)
        return torch.where(self._first(-gain, gain > 0, images), changed, images).clamp(0.0, 1.0)

    def fill_in_order(self, images: Tensor, goal: Tensor, order: Tensor) -> tuple[Tensor, Tensor]:
        changing = (goal != images).any(1).flatten(1)
        chosen = self._first(order.flatten(1), changing, images)
        return torch.where(chosen, goal, images), changing.sum(1) >= self.places(*images.shape[-2:])

    def _first(self, order: Tensor, allowed: Tensor, images: Tensor) -> Tensor:
        """The allowed places of lowest `order`, as many as the budget has, bool (B, 1, H, W)."""
        count = self.places(*images.shape[-2:])
        places = order.masked_fill(~allowed, torch.inf).topk(count, dim=1, largest=False).indices
        chosen = torch.zeros_like(allowed).scatter_(1, places, True) & allowed
        return torch.unflatten(chosen, 1, images.shape[-2:])[:, None]
