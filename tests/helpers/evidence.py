"""Evidence of small trials, sound or with a fault planted in the victim."""

from dataclasses import replace
from functools import lru_cache

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from facetrial.attacks.attack import Attack
from facetrial.attacks.budgets.budget import Budget
from facetrial.attacks.budgets.linf import Linf
from facetrial.attacks.gradient.pgd import PGD
from facetrial.attacks.losses import Margin
from facetrial.attacks.method import Method
from facetrial.checks.base import Evidence
from facetrial.faces.batch import FaceDataset
from facetrial.recognition.victim import Victim
from facetrial.regions.regions import Everywhere
from facetrial.trial.verdicts import verdict_rows
from tests.helpers.victims import pictures, trained

PEOPLE = 6
NAMES = [f"Person {who}" for who in range(PEOPLE)]


def faces(count: int = 24, factor: float = 255.0, seed: int = 0) -> FaceDataset:
    """Test pictures that `trained` knows; `factor` makes bytes of them."""
    images, identities = pictures(count, PEOPLE, seed)
    return FaceDataset(
        pixels=images.mul(factor).round().byte().permute(0, 2, 3, 1).numpy(),
        rows=np.arange(count),
        identities=identities.numpy(),
        files=[f"{who}/{number}.png" for number, who in enumerate(identities.tolist())],
        names=NAMES,
        landmarks=np.full((count, 15, 2), np.nan, np.float32),
        boxes=np.zeros((count, 4), np.float32),
        five_points=np.full((count, 5, 2), np.nan, np.float32),
    )


@lru_cache
def sound(people: int = PEOPLE) -> Victim:
    """A victim without a fault."""
    return Victim(trained(people), nn.Identity(), NAMES).freeze()


def behind(front: nn.Module) -> Victim:
    """The sound victim's network behind something that changes pictures."""
    return Victim(nn.Sequential(front, trained(PEOPLE)), nn.Identity(), NAMES).freeze()


def pgd(steps: int = 20, eps: float = 16, **settings) -> Attack:
    return Attack(Everywhere(), Linf(eps), PGD(Margin(), steps, 0.25, **settings))


def attack_of(method: Method, budget: Budget) -> Attack:
    return Attack(Everywhere(), budget, method)


def evidence_of(victim: nn.Module, attack: Attack, test: FaceDataset | None = None, **changes) -> Evidence:
    """Puts the victim on trial and keeps what a check may look at."""
    test = faces() if test is None else test
    parts = dict(device=torch.device("cpu"), seed=0, train_faces=faces(12, seed=1)) | changes
    parts = dict(trained_on=parts["train_faces"]) | parts
    rows = rows_of(victim, attack, test)
    return Evidence(victim=victim, attack=attack, faces=test, rows=rows, **parts)


def rows_of(victim: nn.Module, attack: Attack, test: FaceDataset, seed: int = 0) -> pd.DataFrame:
    batch = test.batch(range(len(test)))
    attacked = attack(victim, batch, seed, files=test.files)
    return verdict_rows(victim, batch, attacked, test.names, test.files)


class Rounds(nn.Module):
    """Rounds pictures to a few shades: a step function, whose slope is zero."""

    def __init__(self, shades: int = 16) -> None:
        super().__init__()
        self.shades = shades

    def forward(self, images: Tensor) -> Tensor:
        return images.mul(self.shades).round().div(self.shades)


def replaced(evidence: Evidence, rows: pd.DataFrame) -> Evidence:
    """The same trial with other rows."""
    return replace(evidence, rows=rows)


def evidence(victim: nn.Module, **changes) -> Evidence:
    """A trial of one step, for checks that look at the victim alone."""
    return evidence_of(victim, pgd(steps=1), **changes)
