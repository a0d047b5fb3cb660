"""A smoothed victim of which everything is known in closed form."""

import torch
from torch import nn

from facetrial.defenses.smoothing import Smoothing

SIGMA = 0.25


class TwoSides(nn.Module):
    """Two people on either side of a plane: the distance of a picture to it is its robust radius."""

    def __init__(self, size=8):
        super().__init__()
        normal = torch.randn(3 * size * size, generator=torch.Generator().manual_seed(0))
        self.normal = nn.Parameter(normal / normal.norm(), requires_grad=False)
        self.eval()

    def distance(self, images):
        return (images - 0.5).flatten(1) @ self.normal

    def forward(self, images):
        return torch.stack([self.distance(images), -self.distance(images)], dim=1)


def smoothing(**settings):
    default = {"sigma": SIGMA, "n": 100, "alpha": 0.001, "samples": 4, "batch": 64, "seed": 0}
    return Smoothing(**(default | settings))


def at_distance(victim, distance, count=1):
    """Pictures in [0, 1] at this signed distance from the plane, a little different from each other."""
    noise = 0.05 * torch.randn(count, 3 * 64, generator=torch.Generator().manual_seed(1))
    noise -= (noise @ victim.normal)[:, None] * victim.normal
    images = 0.5 + noise + distance * victim.normal
    assert 0 <= images.min() <= images.max() <= 1
    return images.view(count, 3, 8, 8)
