"""The network that finds eyes, brows, nose, mouth and ears, and the other sources of landmarks."""

from typing import TYPE_CHECKING

from facetrial.core.exports import export_on_demand

if TYPE_CHECKING:
    from facetrial.landmarks.network import LandmarkNetwork, StudyNetwork
    from facetrial.landmarks.plan import LandmarkPlan
    from facetrial.landmarks.sources import Labels, LandmarkSource, Mtcnn, Regressor
    from facetrial.landmarks.train import train_landmarks

__all__ = [
    "Labels",
    "LandmarkNetwork",
    "LandmarkPlan",
    "LandmarkSource",
    "Mtcnn",
    "Regressor",
    "StudyNetwork",
    "train_landmarks",
]

export_on_demand(__name__)
