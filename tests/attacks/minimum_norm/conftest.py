"""The victim that searches for the smallest change are tried on."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F


@pytest.fixture(scope="module")
def trained():
    """A small network that has learned four people from noisy pictures, and 24 pictures that it recognises."""
    generator = torch.Generator().manual_seed(3)
    people = torch.rand(4, 3, 16, 16, generator=generator)
    identities = torch.arange(160) % 4
    noise = torch.randn(160, 3, 16, 16, generator=generator)
    images = (0.35 * people[identities] + 0.3 + 0.1 * noise).clamp(0, 1)
    torch.manual_seed(3)
    victim = nn.Sequential(
        nn.Conv2d(3, 16, 3, padding=1), nn.ReLU(), nn.Conv2d(16, 32, 3, 2, 1), nn.ReLU(), nn.AvgPool2d(2),
        nn.Flatten(), nn.Linear(512, 4),
    )  # fmt: skip
    optimizer = torch.optim.Adam(victim.parameters(), 3e-3)
    for _ in range(60):
        optimizer.zero_grad()
        F.cross_entropy(victim(images[:120]), identities[:120]).backward()
        optimizer.step()
    victim.eval().requires_grad_(False)
    known = (victim(images).argmax(1) == identities).nonzero()[-24:, 0]
    assert len(known) == 24
    return victim, images[known], identities[known]
