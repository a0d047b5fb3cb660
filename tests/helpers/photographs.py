"""Folders of people with pictures, drawn and real, and what is made of them."""

from pathlib import Path

import numpy as np
from PIL import Image

from facetrial.data.lfw import LFW
from facetrial.data.people_folder import PeopleFolder

LFW_FUNNELED = "data/lfw_home/lfw_funneled"


def draw_people(root: Path, people: dict[str, int], side: int = 48) -> Path:
    """Pictures without a face that MTCNN could find, each different from all others."""
    for name, count in people.items():
        (root / name).mkdir(parents=True)
        for number in range(1, count + 1):
            seed = [*f"{name}{number}".encode()]
            pixels = np.random.default_rng(seed).integers(0, 256, (4, 4, 3), dtype=np.uint8)
            picture = Image.fromarray(pixels).resize((side, side), Image.Resampling.BICUBIC)
            picture.save(root / name / f"{name}_{number:04d}.jpg")
    return root


def lfw(root: Path | None, tmp_path: Path, **changes) -> LFW:
    settings = {"size": 32, "alignment": "facenet", "min_pictures": 4, "cache": str(tmp_path / "cache")}
    return LFW(root=None if root is None else str(root), **settings | changes)


def folder(root, tmp_path, **changes) -> PeopleFolder:
    settings = {"size": 32, "alignment": "facenet", "on_no_face": "centre", "cache": str(tmp_path / "cache")}
    return PeopleFolder(root=None if root is None else str(root), **settings | changes)


class FoundHere:
    """A detector that finds the same boxes in every picture."""

    def __init__(self, *boxes: tuple[int, int, int, int]) -> None:
        self.boxes, self.sizes = np.array(boxes, np.float32), []

    def find(self, pictures, smallest):
        self.sizes += [picture.shape[:2] for picture in pictures]
        points = self.boxes[:, None, :2] + np.zeros((1, 5, 2), np.float32)
        return [(self.boxes, points)] * len(pictures)
