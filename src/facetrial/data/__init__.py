"""Faces with names: LFW, folders of people, drawn faces, and the keypoints that landmarks are learnt from."""

from typing import TYPE_CHECKING

from facetrial.core.exports import export_on_demand

if TYPE_CHECKING:
    from facetrial.data.datamodule import FacesDataModule
    from facetrial.data.framed import FramesDataModule
    from facetrial.data.keypoints import Keypoints
    from facetrial.data.landmark_augmentation import Augmentation
    from facetrial.data.lfw import LFW
    from facetrial.data.people_folder import PeopleFolder
    from facetrial.data.synthetic import SyntheticFaces

__all__ = [
    "LFW",
    "Augmentation",
    "FacesDataModule",
    "FramesDataModule",
    "Keypoints",
    "PeopleFolder",
    "SyntheticFaces",
]

export_on_demand(__name__)
