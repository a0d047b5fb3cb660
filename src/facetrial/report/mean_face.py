"""Where on the face a trial's region lies: the mean of its clean test pictures, and the mean of their masks."""

from pathlib import Path

import numpy as np
import torch
from PIL import Image

from facetrial.core.files import written_whole
from facetrial.core.randomness import Draws
from facetrial.faces.batch import FaceDataset
from facetrial.regions.regions import Region
from facetrial.runtime.finished_files import as_left

FACE, MASK = "mean_face.png", "mean_region.png"
_KINDS = ((FACE, "RGB"), (MASK, "L"))
_AT_ONCE = 64


def mean_face(faces: FaceDataset, region: Region, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """The mean picture (3, H, W) and the mean mask (H, W), both in [0, 1]: how often each place is in the region."""
    picture = mask = torch.zeros((), dtype=torch.float64)
    for batch in faces.batches(_AT_ONCE):
        picture = picture + batch.images.double().sum(0)
        height, width = batch.images.shape[-2:]
        masks = region(batch.landmarks, height, width, Draws(seed, batch.pictures))
        mask = mask + masks.double().sum(0)[0]
    return (picture / len(faces)).numpy(), (mask / len(faces)).numpy()


def write_mean_face(faces: FaceDataset, region: Region, seed: int, folder: Path) -> None:
    """Writes `mean_face.png` and `mean_region.png`, of the clean test pictures alone."""
    picture, mask = mean_face(faces, region, seed)
    for file, values in ((FACE, picture.transpose(1, 2, 0)), (MASK, mask)):
        pixels = np.round(np.clip(values, 0, 1) * 255).astype(np.uint8)
        with written_whole(folder / file) as temporary:
            Image.fromarray(pixels).save(temporary, format="PNG")


def read_mean_face(folder: Path) -> tuple[np.ndarray, np.ndarray] | None:
    """What `write_mean_face` wrote, or None."""
    if not all((folder / file).is_file() for file, _ in _KINDS):
        return None
    picture, mask = (np.asarray(Image.open(as_left(folder, file)).convert(kind)) for file, kind in _KINDS)
    return picture.transpose(2, 0, 1) / 255, mask / 255
