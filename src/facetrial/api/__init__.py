"""What `import facetrial` shows: trials from Python."""

from typing import TYPE_CHECKING

from facetrial.core.exports import export_on_demand

if TYPE_CHECKING:
    from facetrial.api.attack import attack
    from facetrial.api.evaluate import Verdict, evaluate
    from facetrial.api.faces import draw_faces, load_faces
    from facetrial.api.victims import enrol, load_embedder, load_victim

__all__ = [
    "Verdict",
    "attack",
    "draw_faces",
    "enrol",
    "evaluate",
    "load_embedder",
    "load_faces",
    "load_victim",
]

export_on_demand(__name__)
