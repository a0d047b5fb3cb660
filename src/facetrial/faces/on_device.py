"""Pictures that lie on a device as bytes: batches are gathered and made floats there, and nothing waits for a copy."""

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from facetrial.faces.batch import FaceDataset, Faces

_PART = 0.25  # of the memory that is free


class OnDevice(Dataset):
    """A dataset whose batches are those of `faces`, on the device of the pixels.

    Args:
        faces: the pictures.
        pixels: theirs, (N, H, W, 3) uint8, in their order.
    """

    def __init__(self, faces: FaceDataset, pixels: Tensor) -> None:
        self.faces = faces
        self.pixels = pixels

    def __len__(self) -> int:
        return len(self.faces)

    def __getitems__(self, indices: list[int]) -> Faces:
        rows = torch.tensor(indices, dtype=torch.int64, device=self.pixels.device)
        return self.faces.batch_of(np.asarray(indices, dtype=np.int64), self.pixels[rows])


def on_device(faces: FaceDataset, device: torch.device) -> FaceDataset | OnDevice:
    """The faces for a loader whose batches are wanted on `device`.

    They stay where they are beside a CPU, which holds them anyway, and where they would take more than a quarter of the
    memory that is free on the device.
    """
    if device.type != "cuda":
        return faces
    size = len(faces) * int(np.prod(faces.pixels.shape[1:]))
    if size > _PART * torch.cuda.mem_get_info(device)[0]:
        return faces
    return OnDevice(faces, torch.from_numpy(np.ascontiguousarray(faces.pixels[faces.rows])).to(device))
