"""Pictures of one bright spot, and where it lies."""

import torch

BOXES = torch.tensor([[18.0, 11.0, 141.0, 152.0], [40.5, 20.0, 130.25, 138.0], [-6.0, -3.0, 90.0, 120.0]])


def spots(centres: torch.Tensor, size: int, spread: float) -> torch.Tensor:
    """Pictures (B, 1, size, size), each with a bright spot at centres (B, 2)."""
    places = torch.arange(size).float()
    x = (places[None] - centres[:, :1]) ** 2
    y = (places[None] - centres[:, 1:]) ** 2
    return (-(y[:, :, None] + x[:, None, :]) / (2 * spread**2)).exp()[:, None]


def brightest(pictures: torch.Tensor) -> torch.Tensor:
    """Where the spot lies (B, 2), as the mean of places weighted by brightness."""
    weights = pictures[:, 0] / pictures[:, 0].sum((1, 2), keepdim=True)
    places = torch.arange(pictures.shape[-1]).float()
    return torch.stack([(weights.sum(1) * places).sum(1), (weights.sum(2) * places).sum(1)], dim=1)
