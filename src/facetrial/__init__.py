"""Facetrial puts a face recogniser on trial: attacks it, defends it, and returns a verdict."""

from typing import TYPE_CHECKING

from facetrial.core.exports import export_on_demand
from facetrial.runtime.old_names import serve_old_modules

if TYPE_CHECKING:
    from facetrial.api import (
        Verdict,
        attack,
        draw_faces,
        enrol,
        evaluate,
        load_embedder,
        load_faces,
        load_victim,
    )
    from facetrial.attacks import Attack
    from facetrial.core.version import VERSION as __version__
    from facetrial.recognition import GalleryHead, Victim

__all__ = [
    "Attack",
    "GalleryHead",
    "Verdict",
    "Victim",
    "__version__",
    "attack",
    "draw_faces",
    "enrol",
    "evaluate",
    "load_embedder",
    "load_faces",
    "load_victim",
]

serve_old_modules()
export_on_demand(__name__)
