"""Pictures to be brought back into a budget, a region and [0, 1]."""

import torch

SIZE = 12


def problem(count: int = 5) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Clean pictures with many values at the ends of the range, points far off, and a region."""
    images = torch.rand(count, 3, SIZE, SIZE).mul(1.4).sub(0.2).clamp(0, 1)
    changed = (
        images + torch.randn_like(images) * torch.tensor([0.02, 0.1, 0.5, 2.0, 0.3])[:, None, None, None]
    )
    region = (torch.rand(count, 1, SIZE, SIZE) < 0.7).float()
    return images, changed, region


def noise(count: int = 4, size: int = 32) -> tuple[torch.Tensor, torch.Tensor]:
    """Pictures, and a direction of chance for each."""
    return torch.rand(count, 3, size, size), torch.randn(count, 3, size, size)
