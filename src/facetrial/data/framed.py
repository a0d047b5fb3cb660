"""Faces in Kaggle's frame, 96x96 grey: what the landmark network is trained on, from any source of labelled faces."""

from dataclasses import dataclass

import numpy as np
import torch
from lightning import LightningDataModule
from torch import Tensor
from torch.utils.data import DataLoader, TensorDataset

from facetrial.core.seeding import ShuffledEpochs
from facetrial.data.datamodule import FacesDataModule
from facetrial.faces.batch import FaceDataset
from facetrial.faces.frames import cut_frames, frames_from_boxes, grey, move


@dataclass
class Frames:
    """N labelled frames.

    Attributes:
        images: uint8 (N, 1, 96, 96).
        landmarks: float32 (N, 15, 2), in pixels of the frame; NaN = not labelled.
    """

    images: Tensor
    landmarks: Tensor

    def __len__(self) -> int:
        return len(self.images)

    def select(self, rows: np.ndarray) -> "Frames":
        chosen = torch.as_tensor(rows)
        return Frames(self.images[chosen], self.landmarks[chosen])


class FramesDataModule(LightningDataModule):
    """Base of data with landmarks. After `setup`, `train_frames` and `validation_frames` are Frames.

    `series_frames` are frames held out beside those of validation, such as several of one video; None has none.
    `train_weights` (N,) say how often each training frame is drawn; None draws each once an epoch.

    Batches are pairs: images float32 (B, 1, 96, 96) in [0, 1] and landmarks (B, 15, 2).
    """

    synthetic = False
    train_frames: Frames
    validation_frames: Frames
    series_frames: Frames | None = None
    train_weights: Tensor | None = None

    def __init__(self, batch_size: int) -> None:
        super().__init__()
        self.batch_size = batch_size

    def train_dataloader(self) -> DataLoader:
        return self._loader(self.train_frames, shuffle=True)

    def val_dataloader(self) -> DataLoader:
        return self._loader(self.validation_frames)

    def on_after_batch_transfer(self, batch: list[Tensor], dataloader_idx: int) -> tuple[Tensor, Tensor]:
        images, landmarks = batch
        return images.float() / 255.0, landmarks

    def _loader(self, frames: Frames, shuffle: bool = False) -> DataLoader:
        dataset = TensorDataset(frames.images, frames.landmarks)
        # A last batch of a few would unsettle batch-norm; a set smaller than a batch is one.
        drop_last = shuffle and len(frames) >= self.batch_size
        order = ShuffledEpochs(len(frames), weights=self.train_weights) if shuffle else None
        return DataLoader(dataset, self.batch_size, sampler=order, drop_last=drop_last)


class FramedFaces(FramesDataModule):
    """The faces of another datamodule with known landmarks, such as drawn ones, cut to Kaggle's frame.

    Args:
        faces: training and validation pictures with landmarks and face boxes.
    """

    def __init__(self, faces: FacesDataModule) -> None:
        super().__init__(faces.batch_size)
        self.faces, self.synthetic = faces, faces.synthetic

    def setup(self, stage: str | None = None) -> None:
        self.faces.setup(stage)
        self.train_frames = framed(self.faces.train_faces)
        self.validation_frames = framed(self.faces.validation_faces)


def framed(faces: FaceDataset) -> Frames:
    """Faces cut to Kaggle's frame by their boxes."""
    images, landmarks = [], []
    for rows in np.array_split(np.arange(len(faces)), max(1, len(faces) // 64)):
        batch = faces.batch(rows)
        transforms = frames_from_boxes(batch.boxes)
        frames = cut_frames(grey(batch.images), transforms)
        images.append(frames.mul(255).round().byte())
        landmarks.append(move(transforms, batch.landmarks))
    return Frames(torch.cat(images), torch.cat(landmarks))
