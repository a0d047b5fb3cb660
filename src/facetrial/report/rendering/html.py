"""A page: one HTML file that needs nothing else, made from a template."""

import base64
import functools
import io
from dataclasses import asdict
from pathlib import Path
from typing import Any

import jinja2
import numpy as np
from PIL import Image

from facetrial.core.files import written_whole
from facetrial.report.rendering.formatting import interval, percent, shown_name, signed
from facetrial.report.rendering.theme import DARK, LIGHT

PLOTLY = "plotly-basic-4.1.1.min.js.gz"
_TEMPLATES = Path(__file__).parent / "templates"


def write_html(path: Path, template: str, **values: Any) -> Path:
    """Renders a template, with everything from outside escaped, and writes it whole."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "percent": percent,
        "interval": interval,
        "signed": signed,
        "name": shown_name,
        "tied": lambda text: text.replace(" %", "\u00a0%"),
        "spaced": lambda text: str(text).replace("_", " "),
    }
    environment.globals |= {
        "plotly": packed_plotly(),
        "themes": {"light": asdict(LIGHT), "dark": asdict(DARK)},
    }
    text = environment.get_template(template).render(**values)
    with written_whole(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
    return path


@functools.cache
def packed_plotly() -> str:
    """The library that draws charts in the page, gzip in base64; every browser since 2023 unpacks it.

    It is plotly.js (MIT licence), of which the package plotly.js-basic-dist-min holds all that charts here need: it
    is a quarter of the whole, and a page opens in half the time. A newer one: `npm pack plotly.js-basic-dist-min`,
    then `gzip -9 -n` of its plotly-basic.min.js.
    """
    return base64.b64encode((_TEMPLATES / PLOTLY).read_bytes()).decode()


def png(image: np.ndarray) -> bytes:
    """A lossless file of a picture (3, H, W) in [0, 1]."""
    buffer = io.BytesIO()
    pixels = np.round(np.clip(image, 0, 1).transpose(1, 2, 0) * 255).astype(np.uint8)
    Image.fromarray(pixels).save(buffer, format="PNG", optimize=True)
    return buffer.getvalue()


def data_address(content: bytes, kind: str) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"
