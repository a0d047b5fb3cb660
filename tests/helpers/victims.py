"""Victims whose answers are known, and a small one that was trained."""

from functools import lru_cache

import torch
from torch import Tensor, nn

from facetrial.faces.batch import Faces
from tests.helpers.faces import some_faces

SIZE = 16


class Linear(nn.Module):
    """Scores that are linear in the pixels: what an attack can reach is known exactly."""

    def __init__(self, people: int = 4, size: int = SIZE, seed: int = 0) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(seed)
        self.weight = nn.Parameter(torch.randn(people, 3 * size * size, generator=generator) / size)
        self.eval().requires_grad_(False)

    def forward(self, images: Tensor) -> Tensor:
        return (images - 0.5).flatten(1) @ self.weight.T


class Network(nn.Sequential):
    """Convolutions with batch-norm, as recognisers have them."""

    def __init__(self, people: int) -> None:
        super().__init__(
            nn.Conv2d(3, 16, 3, padding=1, bias=False),
            nn.BatchNorm2d(16),
            nn.ReLU(),
            nn.Conv2d(16, 32, 3, stride=2, padding=1, bias=False),
            nn.BatchNorm2d(32),
            nn.ReLU(),
            nn.AdaptiveAvgPool2d(4),
            nn.Flatten(),
            nn.Linear(512, people),
        )


def pictures(count: int, people: int = 6, seed: int = 0) -> tuple[Tensor, Tensor]:
    """`count` noisy pictures of `people` patterns, (N, 3, SIZE, SIZE), and whose they are."""
    patterns = torch.rand(people, 3, 4, 4, generator=torch.Generator().manual_seed(7))
    patterns = nn.functional.interpolate(patterns, SIZE, mode="bilinear")
    identities = torch.arange(count) % people
    noise = torch.randn(count, 3, SIZE, SIZE, generator=torch.Generator().manual_seed(seed))
    return (0.25 + 0.5 * patterns[identities] + 0.1 * noise).clamp(0, 1), identities


@lru_cache
def trained(people: int = 6, hardened: bool = False) -> nn.Module:
    """A network that knows `people` patterns, frozen; hardened by PGD training (Madry et al., 2018)."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = Network(people)
        optimizer = torch.optim.Adam(network.parameters(), lr=3e-3)
        for step in range(80):
            images, identities = pictures(64, people, seed=step + 1)
            if hardened:
                images = _perturbed(network, images, identities)
            loss = nn.functional.cross_entropy(network(images), identities)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return network.eval().requires_grad_(False)


def _perturbed(network: nn.Module, images: Tensor, identities: Tensor, eps: float = 16 / 255) -> Tensor:
    change = torch.zeros_like(images, requires_grad=True)
    for _ in range(4):
        loss = nn.functional.cross_entropy(network((images + change).clamp(0, 1)), identities)
        (slope,) = torch.autograd.grad(loss, change)
        change = (change + eps / 3 * slope.sign()).clamp(-eps, eps).detach().requires_grad_(True)
    return (images + change).clamp(0, 1).detach()


def known_faces(count: int, people: int = 6) -> Faces:
    """Pictures that `trained` knows, as a batch."""
    images, identities = pictures(count, people)
    faces = some_faces(count, size=SIZE, people=people)
    faces.identities = identities
    return faces.with_images(images)


# What is different about two runs is the rounding of convolutions, which an attack's many steps may amplify.
SAME_ENOUGH = 0.02


def robust(victim: nn.Module, faces: Faces, attacked) -> Tensor:
    """(B,) bool: which attacked pictures the victim still recognises."""
    return victim(attacked.images).argmax(1) == faces.identities
