"""A few real faces, cut at one place in LFW's funneled pictures: no face detector runs."""

from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

FIVE_POINTS = (61, 54, 188, 181)  # where MobileFaceNet expects eyes and mouth, for the mean face
FACENET = (70, 60, 180, 190)  # the mean face box with its margin


def lfw_faces(
    shared: Path, people: int, pictures: int, size: int, box: tuple[int, int, int, int]
) -> tuple[Tensor, Tensor]:
    """Images (N, 3, size, size) and identities (N,) of the first people with enough pictures."""
    folders = sorted((shared / "data" / "lfw_home" / "lfw_funneled").iterdir())
    files = [found for folder in folders if len(found := sorted(folder.glob("*.jpg"))) >= max(pictures, 10)]
    images = [
        np.asarray(Image.open(file).crop(box).resize((size, size), Image.Resampling.BILINEAR))
        for found in files[:people]
        for file in found[:pictures]
    ]
    pixels = torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2).float() / 255
    return pixels, torch.arange(people).repeat_interleave(pictures)


def same_and_other(network, images, identities):
    """Each picture's mean cosine with the same person's other pictures, and with other people's."""
    with torch.no_grad():
        embeddings = network.eval()(images)
    cosines = embeddings @ embeddings.T
    same = identities[:, None] == identities
    other = cosines.masked_fill(same, 0).sum(1) / (~same).sum(1)
    same.fill_diagonal_(False)
    return cosines.masked_fill(~same, 0).sum(1) / same.sum(1), other
