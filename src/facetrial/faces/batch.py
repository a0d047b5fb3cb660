"""Faces: the batch that every part of the project passes on, and the pictures it is cut from."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from facetrial.core.errors import FacetrialError
from facetrial.core.randomness import picture_key
from facetrial.faces.landmark_names import NUM_LANDMARKS

T = TypeVar("T")

# Pictures a pass. On a CPU, more are no faster, and a kill costs more.
_A_BATCH = {"cpu": 64}
_OTHER_A_BATCH = 1024


def pictures_a_batch(device: torch.device) -> int:
    """How many pictures to show a network at a time on a device, where nothing is said of it."""
    return _A_BATCH.get(device.type, _OTHER_A_BATCH)


def check_images(images: Tensor) -> Tensor:
    """Returns `images` if they are float32 (B, 3, H, W) in [0, 1].

    Raises:
        FacetrialError: naming what was found instead.
    """
    if isinstance(images, Tensor) and (images.layout != torch.strided or images.is_meta or images.is_nested):
        kind = "a nested tensor" if images.is_nested else images.layout
        raise FacetrialError(f"images must be a dense tensor, found {kind} on {images.device}.")
    if not isinstance(images, Tensor) or images.ndim != 4 or images.shape[1] != 3:
        found = tuple(images.shape) if isinstance(images, Tensor) else type(images).__name__
        raise FacetrialError(f"images must be a tensor of shape (B, 3, H, W), found {found}.")
    if images.dtype != torch.float32:
        raise FacetrialError(f"images must be float32, found {images.dtype}; convert with images.float().")
    if images.numel() == 0:
        return images
    low, high = (value.item() for value in images.aminmax())
    if not (low >= 0.0 and high <= 1.0):
        raise FacetrialError(
            f"images must lie in [0, 1], found values from {low:.4g} to {high:.4g}. Give pixels divided by 255, "
            "not standardised: the network standardises inside."
        )
    return images


def as_images(pixels: Tensor) -> Tensor:
    """Float32 images (B, 3, H, W) in [0, 1] of pixels (B, H, W, 3) uint8, the same to the bit on every device."""
    pixels = pixels.permute(0, 3, 1, 2).contiguous()
    if pixels.device.type == "cpu":
        return pixels.float().div(255.0)
    return _looked_up(pixels)


def _looked_up(pixels: Tensor) -> Tensor:
    """Parts of 255, as a CPU divides; other devices multiply by an inverse, which is rounded."""
    return torch.arange(256, dtype=torch.float32).div(255.0).to(pixels.device)[pixels.int()]


@dataclass
class Faces:
    """A batch of B faces, moved between devices as one (Lightning moves dataclasses).

    Attributes:
        images: float32 (B, 3, H, W), RGB in [0, 1].
        identities: int64 (B,), class index.
        landmarks: float32 (B, 15, 2), (x, y) in pixels of these images; NaN = unknown.
        boxes: float32 (B, 4), the face box (x0, y0, x1, y1) in pixels of these images, as MTCNN draws it.
        pictures: int64 (B,), `picture_key` of each picture: what its random draws depend on.
        indices: int64 (B,), row in the dataset, for its `files`.
    """

    images: Tensor
    identities: Tensor
    landmarks: Tensor
    boxes: Tensor
    pictures: Tensor
    indices: Tensor

    def __post_init__(self) -> None:
        lengths = {name: len(value) for name, value in vars(self).items()}
        if len(set(lengths.values())) > 1:
            raise FacetrialError(f"the parts of a batch must have one length, found {lengths}.")
        if self.identities.dtype != torch.int64:
            raise FacetrialError(
                f"identities must be int64, found {self.identities.dtype}; convert with long()."
            )

    def __len__(self) -> int:
        return len(self.images)

    def select(self, rows: Tensor) -> "Faces":
        """The faces at `rows`, an index or boolean tensor."""
        return Faces(**{name: value[rows] for name, value in vars(self).items()})

    def to(self, device: torch.device) -> "Faces":
        return Faces(**{name: value.to(device) for name, value in vars(self).items()})

    def with_images(self, images: Tensor) -> "Faces":
        return replace(self, images=images)

    @staticmethod
    def cat(batches: list["Faces"]) -> "Faces":
        return Faces(**{name: torch.cat([getattr(b, name) for b in batches]) for name in vars(batches[0])})


@dataclass
class FaceDataset(Dataset):
    """Pictures, 8 bits a channel, with all that is known of them. A subset shares its parent's pixels.

    Attributes:
        pixels: uint8 (M, H, W, 3), in memory or memory-mapped.
        rows: int64 (N,), which of the M pictures these N are, in order.
        identities: int64 (N,).
        files: N names, unique and stable: the path below the data's root.
        names: the person's name for each identity.
        landmarks: float32 (N, 15, 2), (x, y) in pixels of the stored picture; NaN = unknown.
        boxes: float32 (N, 4), face box (x0, y0, x1, y1) in pixels of the stored picture.
        five_points: float32 (N, 5, 2), MTCNN's points (eye at the picture's left, eye at its right, nose tip,
            mouth corner at the left, at the right) in pixels of the stored picture; NaN = unknown.
    """

    pixels: np.ndarray
    rows: np.ndarray
    identities: np.ndarray
    files: list[str]
    names: list[str]
    landmarks: np.ndarray
    boxes: np.ndarray
    five_points: np.ndarray
    pictures: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        count = len(self.rows)
        expected = {"landmarks": (count, NUM_LANDMARKS, 2), "boxes": (count, 4), "five_points": (count, 5, 2)}
        for name, shape in expected.items():
            if getattr(self, name).shape != shape:
                raise FacetrialError(f"{name}: expected shape {shape}, found {getattr(self, name).shape}.")
        if len(self.files) != count or len(set(self.files)) != count:
            raise FacetrialError(f"expected {count} different file names, found {len(set(self.files))}.")
        self.pictures = np.array([picture_key(file) for file in self.files], dtype=np.int64)

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> Faces:
        return self.batch([index])

    def __getitems__(self, indices: list[int]) -> Faces:
        return self.batch(indices)

    def batch(self, indices: Sequence[int] | np.ndarray, device: torch.device | None = None) -> Faces:
        """The pictures at `indices` as one batch, on the CPU by default; to another device they go as bytes."""
        indices = np.asarray(indices)
        pixels = torch.from_numpy(np.ascontiguousarray(self.pixels[self.rows[indices]]))
        return self.batch_of(indices, pixels if device is None else pixels.to(device))

    def batch_of(self, indices: np.ndarray, pixels: Tensor) -> Faces:
        """The batch of the pictures at `indices`, whose pixels (B, H, W, 3) uint8 lie where it is to lie."""
        rest = {
            "identities": torch.from_numpy(self.identities[indices]).long(),
            "landmarks": torch.from_numpy(self.landmarks[indices]).float(),
            "boxes": torch.from_numpy(self.boxes[indices]).float(),
            "pictures": torch.from_numpy(self.pictures[indices]),
            "indices": torch.from_numpy(indices).long(),
        }
        return Faces(
            images=as_images(pixels), **{name: value.to(pixels.device) for name, value in rest.items()}
        )

    def batches(self, size: int, device: torch.device | None = None) -> Iterator[Faces]:
        """All pictures in order, `size` a batch, the last one smaller; on the CPU by default."""
        for start in range(0, len(self), size):
            yield self.batch(np.arange(start, min(start + size, len(self))), device)

    def subset(self, indices: list[int] | np.ndarray) -> "FaceDataset":
        """A dataset of the pictures at `indices`, in that order."""
        indices = np.asarray(indices, dtype=np.int64)
        return FaceDataset(
            self.pixels,
            self.rows[indices],
            self.identities[indices],
            [self.files[i] for i in indices],
            self.names,
            self.landmarks[indices],
            self.boxes[indices],
            self.five_points[indices],
        )


def same_batch(batch: T) -> T:
    """Collate function for loaders over a FaceDataset, which already fetches whole batches."""
    return batch
