"""A sheet of synthetic people, one a row: python -m facetrial.data.rendering.contact_sheet sheet.png --landmarks"""

import argparse
from pathlib import Path

import torch
from PIL import Image, ImageDraw

from facetrial.core.files import written_whole
from facetrial.data.rendering.renderer import render


def contact_sheet(
    people: int = 12,
    pictures: int = 8,
    size: int = 112,
    seed: int = 0,
    landmarks: bool = False,
    zoom: int = 1,
) -> Image.Image:
    """People in rows, each person's first pictures beside each other.

    Args:
        people, pictures: rows and columns.
        size: of a picture, in pixels.
        seed: of the population.
        landmarks: draws the 15 landmarks in green and the ears in magenta.
        zoom: whole factor by which pictures are enlarged, so that one sees where a mark sits within a pixel.
    """
    persons = torch.arange(people).repeat_interleave(pictures)
    drawn = render(seed, persons, torch.arange(pictures).repeat(people), size)
    pixels = drawn.images.mul(255.0).round().byte().unflatten(0, (people, pictures))
    sheet = pixels.permute(0, 3, 1, 4, 2).reshape(people * size, pictures * size, 3)
    image = Image.fromarray(sheet.numpy())
    image = image.resize((image.width * zoom, image.height * zoom), Image.Resampling.NEAREST)
    if landmarks:
        pen = ImageDraw.Draw(image)
        for number in range(people * pictures):
            row, column = divmod(number, pictures)
            for points, colour in ((drawn.landmarks, "lime"), (drawn.ears, "magenta")):
                for x, y in points[number].tolist():
                    x, y = (column * size + x + 0.5) * zoom, (row * size + y + 0.5) * zoom
                    pen.ellipse((x - zoom, y - zoom, x + zoom, y + zoom), outline=colour)
    return image


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path", type=Path)
    parser.add_argument("--landmarks", action="store_true")
    for name, default in (("people", 12), ("pictures", 8), ("size", 112), ("seed", 0), ("zoom", 1)):
        parser.add_argument(f"--{name}", type=int, default=default)
    arguments = vars(parser.parse_args())
    path = arguments.pop("path")
    with written_whole(path) as temporary:
        contact_sheet(**arguments).save(temporary, format="PNG")


if __name__ == "__main__":
    main()
