"""A victim from whose scores can be read what a transform leaves of a picture."""

import torch
from torch import Tensor, nn

SIZE = 32


class Pixels(nn.Module):
    """Its scores are pixels: what a transform leaves can be read from them."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(1), requires_grad=False)
        self.eval()

    def forward(self, images):
        return self.weight * images.flatten(1)


def pictures(count: int = 3, smooth: int = 4) -> Tensor:
    """Smooth pictures (B, 3, SIZE, SIZE), the same at each call."""
    small = torch.rand(count, 3, smooth, smooth, generator=torch.Generator().manual_seed(0))
    return nn.functional.interpolate(small, SIZE, mode="bicubic").clamp(0, 1)


def seen(victim: nn.Module, images: Tensor) -> Tensor:
    """What `Pixels` behind its defences is shown of images (B, 3, SIZE, SIZE)."""
    return victim(images).unflatten(1, (3, SIZE, SIZE))
