"""Faces of another datamodule that are changed while they train."""

from collections.abc import Iterator
from typing import Any

from lightning import LightningDataModule, Trainer
from torch.utils.data import DataLoader

from facetrial.data.datamodule import FacesDataModule
from facetrial.faces.batch import FaceDataset, Faces
from facetrial.recognition.victim import Victim


class WrappedFaces(LightningDataModule):
    """Base of datamodules that change the training batches of another; its validation and test pictures stay.

    Args:
        faces: what is wrapped: a FacesDataModule, or another WrappedFaces.
    """

    def __init__(self, faces: "TrainingFaces") -> None:
        super().__init__()
        self.faces = faces

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

    @property
    def clean_faces(self) -> FacesDataModule:
        """The faces behind all wrappers."""
        return self.faces.clean_faces

    @property
    def asks_victim(self) -> bool:
        """Whether `head_batches` needs a victim whose head was fitted on clean pictures."""
        return self.faces.asks_victim

    @property
    def needs_fitting(self) -> bool:
        """Whether `fit_attack` has to come first."""
        return self.faces.needs_fitting

    def fit_attack(self, victim: Victim) -> None:
        """Fits what perturbs the pictures; `victim` has a head that was fitted on clean ones."""
        self.faces.fit_attack(victim)

    def state_dict(self) -> dict[str, Any]:
        """What a training that was cut short goes on with; Lightning only asks the outermost."""
        return {"faces": self.faces.state_dict()}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.faces.load_state_dict(state_dict["faces"])

    def prepare_data(self) -> None:
        self.faces.prepare_data()

    def setup(self, stage: str | None = None) -> None:
        self.faces.setup(stage)

    def train_dataloader(self) -> DataLoader:
        self.faces.trainer = self.trainer
        return self.faces.train_dataloader()

    def val_dataloader(self) -> DataLoader:
        self.faces.trainer = self.trainer
        return self.faces.val_dataloader()

    def test_dataloader(self) -> DataLoader:
        return self.faces.test_dataloader()

    def on_after_batch_transfer(self, batch: Any, dataloader_idx: int) -> Any:
        # What is wrapped belongs to the same training, but Lightning only knows the outermost.
        self.faces.trainer = self.trainer
        return self.faces.on_after_batch_transfer(batch, dataloader_idx)

    def head_batches(self, victim: Victim | None = None) -> Iterator[Faces]:
        """Batches, on the CPU and in a fixed order, that the head is fitted on."""
        return self.faces.head_batches(victim)


TrainingFaces = FacesDataModule | WrappedFaces


def training_faces(trainer: Trainer) -> TrainingFaces:
    """The faces that a trainer was given to fit on."""
    return trainer.datamodule  # type: ignore[attr-defined]  # Lightning sets it and does not declare it
