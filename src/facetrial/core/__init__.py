"""What everything stands on and what knows nothing of faces: errors, files, locks, randomness, provenance."""

from typing import TYPE_CHECKING

from facetrial.core.exports import export_on_demand

if TYPE_CHECKING:
    from facetrial.core.errors import FacetrialError
    from facetrial.core.files import written_whole
    from facetrial.core.randomness import Draws, picture_key

__all__ = ["Draws", "FacetrialError", "picture_key", "written_whole"]

export_on_demand(__name__)
