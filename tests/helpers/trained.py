"""A small victim trained within seconds, and pictures that it knows."""

import functools

import torch
from torch import Tensor, nn
from torch.nn import functional as F

SIZE, PEOPLE = 20, 5


def pictures_of_people(count: int, seed: int) -> tuple[Tensor, Tensor]:
    """Images (N, 3, 20, 20) and identities (N,): a soft pattern for each of five people, under noise."""
    generator = torch.Generator().manual_seed(0)
    patterns = F.interpolate(torch.rand(PEOPLE, 3, 6, 6, generator=generator), SIZE, mode="bicubic")
    generator.manual_seed(seed)
    identities = torch.arange(count) % PEOPLE
    shades = F.interpolate(torch.randn(count, 3, 4, 4, generator=generator), SIZE, mode="bilinear")
    noise = torch.randn(count, 3, SIZE, SIZE, generator=generator)
    return (0.33 + 0.33 * patterns[identities] + 0.12 * shades + 0.1 * noise).clamp(0, 1), identities


@functools.cache
def trained_victim() -> nn.Module:
    """Scores (B, 5); frozen and in eval mode."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        victim = nn.Sequential(
            nn.Conv2d(3, 8, 5, stride=2, padding=2),
            nn.BatchNorm2d(8),
            nn.ReLU(),
            nn.Conv2d(8, 16, 3, stride=2, padding=1),
            nn.ReLU(),
            nn.AdaptiveAvgPool2d(3),
            nn.Flatten(),
            nn.Linear(16 * 9, PEOPLE),
        )
        images, identities = pictures_of_people(200, seed=1)
        optimizer = torch.optim.Adam(victim.parameters(), lr=0.01)
        for _ in range(40):
            optimizer.zero_grad()
            F.cross_entropy(victim(images), identities).backward()
            optimizer.step()
    return victim.eval().requires_grad_(False)


def known_pictures(count: int, seed: int) -> tuple[Tensor, Tensor]:
    """Pictures that the trained victim takes for whom they show, and identities."""
    images, identities = pictures_of_people(2 * count, seed)
    right = (trained_victim()(images).argmax(1) == identities).nonzero()[:count, 0]
    return images[right], identities[right]
