"""From a composed config to the faces to train and test on."""

from hydra.utils import instantiate
from omegaconf import DictConfig

from facetrial.core.errors import FacetrialError
from facetrial.data.datamodule import FacesDataModule


def build_faces(config: DictConfig, with_landmarks: bool) -> FacesDataModule:
    """The clean faces, set up.

    Args:
        config: composed, with `data` and `landmarks`.
        with_landmarks: whether landmarks are found by the source that `landmarks` names.
    """
    faces = instantiate(config.data)
    if not isinstance(faces, FacesDataModule):
        raise FacetrialError(
            f"data is a {type(faces).__name__}, which has no identities; expected faces of people to recognise, "
            "such as data=synthetic or data=lfw."
        )
    if with_landmarks:
        all_faces = faces.all_faces
        all_faces.landmarks = instantiate(config.landmarks).find(all_faces)
    faces.setup()
    return faces
