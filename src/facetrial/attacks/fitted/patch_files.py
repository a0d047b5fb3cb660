"""A patch to print: PNG with transparency, and a PDF page to scale."""

from pathlib import Path

import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image
from torch import Tensor

from facetrial.core.errors import visible
from facetrial.core.files import written_whole
from facetrial.regions.wearables import MILLIMETRES, Shape

INCH = 25.4  # millimetres
PAGE = (210.0, 297.0)  # A4, width and height in millimetres
RULER = 50.0  # millimetres
_ENLARGED = 8  # PNG pixels to a pixel of the texture, so that viewers and printers do not blur it


def write_patch(texture: Tensor, shape: Shape, stem: Path, title: str) -> None:
    """Writes `<stem>.png` and `<stem>.pdf` of a texture (3, h, w) in [0, 1].

    Both carry the size that the shape has on a face whose pupils are 63 mm apart: the PNG as its resolution, the PDF
    as it lies on the page (A4, landscape where it is wide), with a ruler of 50 mm to check the print by.
    """
    rgba = torch.cat([texture, shape.alpha()[None]]).mul(255).round().to(torch.uint8).permute(1, 2, 0).numpy()
    picture = Image.fromarray(rgba.repeat(_ENLARGED, 0).repeat(_ENLARGED, 1))
    height, width = shape.millimetres
    resolution = picture.width / (width / INCH)
    with written_whole(stem.with_name(stem.name + ".png")) as temporary:
        picture.save(temporary, dpi=(resolution, resolution))

    page = PAGE if width <= PAGE[0] - 20 else PAGE[::-1]
    figure = Figure(figsize=(page[0] / INCH, page[1] / INCH))
    _axes(figure, page, (page[0] - width) / 2, 40.0, width, height).imshow(picture, aspect="auto")
    ruler = _axes(figure, page, (page[0] - RULER) / 2, 60.0 + height, RULER, 5.0)
    ruler.set(xlim=(0, RULER), ylim=(0, 1))
    for millimetre in range(int(RULER) + 1):
        top = 1.0 if millimetre % 10 == 0 else 0.5
        ruler.plot([millimetre, millimetre], [0, top], color="black", linewidth=0.4, clip_on=False)
    ruler.plot([0, RULER], [0, 0], color="black", linewidth=0.4, clip_on=False)
    notes = (
        f"{title}: {width:.1f} x {height:.1f} mm",
        f"for a face whose pupils are {MILLIMETRES:g} mm apart, the mean of adults (Dodgson, 2004)",
        f"Print at 100 %: the ruler is {RULER:g} mm long.",
    )
    for line, note in enumerate(notes):
        place = 1 - (14 + 7 * line) / page[1]
        figure.text(0.5, place, visible(note), ha="center", va="center", fontsize=10, parse_math=False)
    with written_whole(stem.with_name(stem.name + ".pdf")) as temporary:
        figure.savefig(temporary, format="pdf", metadata={"CreationDate": None})


def _axes(
    figure: Figure, page: tuple[float, float], left: float, top: float, width: float, height: float
) -> Axes:
    """Axes without frame, whose rectangle on the page is in millimetres from its upper left corner."""
    axes = figure.add_axes((left / page[0], 1 - (top + height) / page[1], width / page[0], height / page[1]))
    axes.set_axis_off()
    return axes
