"""A trial of drawn faces whose pictures can be sent."""

from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from facetrial.attacks.attack import Attack
from facetrial.attacks.budgets.linf import Linf
from facetrial.attacks.gradient.pgd import PGD
from facetrial.attacks.losses import Margin
from facetrial.data.synthetic import SyntheticFaces
from facetrial.recognition.victim import Victim
from facetrial.regions.regions import Everywhere
from facetrial.trial.physical.channels import FoundAgain, Saved
from facetrial.trial.physical.resend import Sending
from facetrial.trial.shards import Shards
from facetrial.trial.verdicts import verdict_rows

PATHS = {"png": Saved("PNG"), "jpeg_5": Saved("JPEG", 5), "found_again": FoundAgain(Saved("PNG"))}


class Nearest(nn.Module):
    """Scores by the distance to the nearest of each person's pictures, all of which it keeps: it knows them all."""

    def __init__(self, faces: SyntheticFaces) -> None:
        super().__init__()
        known = faces.all_faces
        images = self._small(known.batch(range(len(known))).images)
        self.kept = nn.Parameter(
            torch.stack([images[known.identities == who] for who in range(len(faces.names))])
        )

    def forward(self, images: Tensor) -> Tensor:
        return -torch.cdist(self._small(images), self.kept).amin(-1).T

    def _small(self, images: Tensor) -> Tensor:
        return nn.functional.avg_pool2d(images, 8).flatten(1)


def drawn_faces() -> SyntheticFaces:
    faces = SyntheticFaces(people=3, pictures=10, pictures_min=10, size=96)
    faces.setup()
    return faces


def victim_of(faces: SyntheticFaces) -> Victim:
    return Victim(Nearest(faces), nn.Identity(), faces.names).freeze()


def strong() -> Attack:
    return Attack(Everywhere(), Linf(32), PGD(Margin(), 10, 0.25, early_stop=False))


def bytes_of(images: Tensor) -> np.ndarray:
    return images.mul(255).round().byte().permute(0, 2, 3, 1).numpy()


def sent_trial(folder: Path) -> tuple[SyntheticFaces, Victim, pd.DataFrame, Shards]:
    """Faces, victim, rows, and shards with the attacked pictures: one of them is all grey, so that it has no face."""
    faces = drawn_faces()
    victim, test = victim_of(faces), faces.test_faces
    batch = test.batch(range(len(test)))
    attacked = strong()(victim, batch, 0)
    attacked.images[0], attacked.saved[0] = 0.5, 128 / 255
    rows = verdict_rows(victim, batch, attacked, faces.names, test.files)
    shards = Shards(folder)
    for file, pixels in zip(test.files, bytes_of(attacked.saved), strict=True):
        shards.write_saved(file, pixels)
    return faces, victim, rows, shards


def sent(trial: tuple[SyntheticFaces, Victim, pd.DataFrame, Shards]) -> pd.DataFrame:
    """What came of sending the pictures of `sent_trial` on all paths."""
    return Sending(PATHS)(trial[1], trial[0], trial[2], trial[3], torch.device("cpu"))
