"""The vocabulary that all share: a batch of faces, landmark names, crops and boxes, homographies."""

from typing import TYPE_CHECKING

from facetrial.core.exports import export_on_demand

if TYPE_CHECKING:
    from facetrial.faces.batch import FaceDataset, Faces, check_images
    from facetrial.faces.landmark_names import NUM_LANDMARKS

__all__ = ["NUM_LANDMARKS", "FaceDataset", "Faces", "check_images"]

export_on_demand(__name__)
