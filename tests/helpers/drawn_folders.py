"""Drawn faces as photographs in a folder a person: MTCNN finds them."""

from pathlib import Path

import torch
from PIL import Image

from facetrial.data.rendering.renderer import render


def draw_photographs(root: Path, names: tuple[str, ...], pictures: int, side: int = 160) -> Path:
    """`pictures` JPEGs of each of these invented people, in LFW's layout below `root`."""
    who = torch.arange(len(names)).repeat_interleave(pictures)
    which = torch.arange(pictures).repeat(len(names))
    pixels = render(0, who, which, side).images.mul(255).byte().permute(0, 2, 3, 1).numpy()
    for number, picture in enumerate(pixels):
        name = names[number // pictures]
        path = root / name / f"{name}_{number % pictures + 1:04d}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture).save(path)
    return root
