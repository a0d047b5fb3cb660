"""Faces with names: LFW, folders of people, drawn faces, and the keypoints that landmarks are learnt from."""

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
