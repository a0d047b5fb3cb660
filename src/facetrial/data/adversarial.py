"""Adversarial training as data: wraps any set of faces and mixes perturbed pictures into its training batches."""

from collections.abc import Iterator
from typing import Any

import torch
from lightning import LightningDataModule
from torch.utils.data import DataLoader

from facetrial.attacks.engine import Attack
from facetrial.data.faces import FaceDataset, Faces
from facetrial.data.module import FacesDataModule
from facetrial.errors import FacetrialError
from facetrial.randomness import Draws


class AdversarialFaces(LightningDataModule):
    """The faces of another datamodule, some of them perturbed while they train.

    Perturbing happens on the device, after the batch has been moved there. The head is fitted on every training
    picture as it is and on a perturbed copy of a `fraction` of them.

    Args:
        faces: the datamodule that is wrapped; validation and test pictures stay as they are.
        attack: what perturbs, without asking a victim.
        fraction: share of the training pictures that are perturbed, in (0, 1]; drawn anew every epoch.
        seed: of the draws.

    Raises:
        FacetrialError: `fraction` is outside (0, 1].
    """

    def __init__(self, faces: FacesDataModule, attack: Attack, fraction: float, seed: int) -> None:
        super().__init__()
        if not 0 < fraction <= 1:
            raise FacetrialError(f"defense.adv.fraction must lie in (0, 1], found {fraction}.")
        self.faces = faces
        self.attack = attack
        self.fraction = fraction
        self.seed = seed

    @property
    def synthetic(self) -> bool:
        return self.faces.synthetic

    @property
    def names(self) -> list[str]:
        return self.faces.names

    @property
    def train_faces(self) -> FaceDataset:
        return self.faces.train_faces

    @property
    def validation_faces(self) -> FaceDataset:
        return self.faces.validation_faces

    @property
    def test_faces(self) -> FaceDataset:
        return self.faces.test_faces

    def prepare_data(self) -> None:
        self.faces.prepare_data()

    def setup(self, stage: str | None = None) -> None:
        self.faces.setup(stage)

    def train_dataloader(self) -> DataLoader:
        return self.faces.train_dataloader()

    def val_dataloader(self) -> DataLoader:
        return self.faces.val_dataloader()

    def test_dataloader(self) -> DataLoader:
        return self.faces.test_dataloader()

    def on_after_batch_transfer(self, batch: Any, dataloader_idx: int) -> Any:
        if self.trainer is None or not self.trainer.training or not isinstance(batch, Faces):
            return batch
        return self.mixed(batch, draw=self.trainer.current_epoch + 1)

    def mixed(self, batch: Faces, draw: int) -> Faces:
        """The batch with a share of its pictures perturbed; which ones depends on (seed, picture, draw)."""
        rows = self._chosen(batch, draw)
        if len(rows) == 0:
            return batch
        images = batch.images.clone()
        images[rows] = self.attack(None, batch.select(rows), self.seed, draw).images
        return batch.with_images(images)

    def head_batches(self) -> Iterator[Faces]:
        """Batches that the head is fitted on: each of the wrapped ones, followed by perturbed copies."""
        for batch in self.faces.head_batches():
            yield batch
            rows = self._chosen(batch, draw=0)
            if len(rows):
                chosen = batch.select(rows)
                yield chosen.with_images(self.attack(None, chosen, self.seed).images)

    def _chosen(self, batch: Faces, draw: int) -> torch.Tensor:
        chance = Draws(self.seed, batch.pictures, draw).uniform((1,), "which are perturbed")[:, 0]
        return (chance < self.fraction).nonzero()[:, 0]
