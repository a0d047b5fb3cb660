"""Victims whose smallest change is known, and searches for it under the eyes of the referee."""

import pytest
import torch
from torch import nn

from facetrial.attacks.attack import Attack
from facetrial.attacks.budgets.l1 import L1
from facetrial.attacks.budgets.l2 import L2, RMS
from facetrial.attacks.budgets.linf import Linf
from facetrial.attacks.referee import referee
from facetrial.faces.batch import Faces
from facetrial.regions.regions import Everywhere, Region

SIZE = 8
BUDGETS = {"linf": Linf(64), "l2": L2(5.0), "rms": RMS(0.3), "l1": L1(40.0)}


class Half(Region):
    """The upper half of the picture."""

    needs_landmarks = False

    def __call__(self, landmarks, height, width, draws):
        region = torch.zeros(len(landmarks), 1, height, width)
        region[:, :, : height // 2] = 1
        return region


def batch(images: torch.Tensor, identities: torch.Tensor) -> Faces:
    count = len(images)
    return Faces(
        images=images,
        identities=identities,
        landmarks=torch.full((count, 15, 2), torch.nan),
        boxes=torch.zeros(count, 4),
        pictures=torch.arange(count) + 7,
        indices=torch.arange(count),
    )


def attacked(victim, images, identities, budget, method, goal=None, region=None):
    faces = batch(images, identities)
    found = Attack(region or Everywhere(), budget, method, goal)(victim, faces, seed=0)
    files = [f"{i}.png" for i in range(len(images))]
    referee(images, found.images, found.region, budget.norm, budget.limit, files)
    return found


def linear(people: int, norm: str = "l2") -> tuple[nn.Module, torch.Tensor, torch.Tensor]:
    """A linear victim, grey pictures near its boundaries, and whom it sees in them.

    Under L1, where all of a change falls on few values, so near that [0, 1] stays out of play.
    """
    victim = nn.Sequential(nn.Flatten(), nn.Linear(3 * SIZE * SIZE, people)).eval().requires_grad_(False)
    images = 0.5 + (0.01 if norm == "l1" else 0.1) * torch.randn(40, 3, SIZE, SIZE)
    victim[1].bias -= victim(images).mean(0)
    top = victim(images).topk(2).values
    images = images[(top[:, 0] - top[:, 1]).topk(6).indices]
    return victim, images, victim(images).argmax(1)


def least(
    victim: nn.Module, images: torch.Tensor, identities: torch.Tensor, norm: str, mask=None
) -> torch.Tensor:
    """The size of the smallest change to another person, with [0, 1] out of play: margin / dual norm of the slope."""
    scores, weight = victim(images), victim[1].weight
    gaps = scores.gather(1, identities[:, None]) - scores
    slopes = weight[identities][:, None] - weight[None]
    if mask is not None:
        slopes = slopes * mask.flatten()
    power = {"linf": 1, "l2": 2, "rms": 2, "l1": torch.inf}[norm]
    sizes = gaps / slopes.norm(power, dim=-1)
    sizes = sizes.scatter(1, identities[:, None], torch.inf).amin(1)
    return sizes / (3 * SIZE * SIZE) ** 0.5 if norm == "rms" else sizes


def most(method: str, norm: str) -> float:
    """How far from the closed form a method may end. In L1 all of it would lie on one value."""
    return {("bisection", "l1"): 1.15, ("fmn", "l1"): 1.035}.get((method, norm), 1.025)


def of_foolbox(trained, attack, budget):
    """The median of the smallest changes that an attack of Foolbox finds."""
    foolbox = pytest.importorskip("foolbox")
    victim, images, identities = trained
    changed = attack(foolbox.attacks).run(foolbox.PyTorchModel(victim, bounds=(0, 1)), images, identities)
    sizes = budget.measure(changed - images)
    return torch.where(victim(changed).argmax(1) != identities, sizes, torch.inf).median()
