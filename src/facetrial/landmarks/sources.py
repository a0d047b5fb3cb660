"""Where landmarks come from. Config group `landmarks`: `regressor`, `mtcnn`, `labels`."""

import io
import logging
from abc import ABC, abstractmethod
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from facetrial.core.digests import digest
from facetrial.core.errors import FacetrialError
from facetrial.core.files import recalled, written_whole
from facetrial.core.process.kept import Kept
from facetrial.core.provenance import settled_mark
from facetrial.core.settings import ExistingFile, Seed
from facetrial.faces.batch import FaceDataset
from facetrial.faces.frames import mean_shape
from facetrial.faces.head import Head
from facetrial.faces.landmark_names import LEFT_EYE, MOUTH_LEFT, MOUTH_RIGHT, NOSE_TIP, RIGHT_EYE
from facetrial.landmarks.inference import find_in_pictures
from facetrial.landmarks.plan import LandmarkPlan
from facetrial.landmarks.train import train_landmarks

log = logging.getLogger(__name__)

# MTCNN goes by the picture: the subject's right eye comes first.
_FIVE = (RIGHT_EYE, LEFT_EYE, NOSE_TIP, MOUTH_RIGHT, MOUTH_LEFT)
# How far each landmark stands out from the plane of eyes and mouth, in inter-eye distances.
_AHEAD = (0.0, 0.0, -0.02, -0.15, -0.02, -0.15, 0.15, -0.2, 0.15, -0.2, 0.5, 0.0, 0.0, 0.2, 0.2)
_BATCH = 64
_KEPT: Kept[np.ndarray] = Kept(4)
_VERSION = 2  # of how landmarks are found: raised when the same network would find others


class LandmarkSource(ABC):
    """Finds the landmarks of pictures, once: in fixed batches, whatever the batches of a trial."""

    @abstractmethod
    def find(self, faces: FaceDataset) -> np.ndarray:
        """Landmarks float32 (N, 15, 2) in pixels of the stored pictures; NaN = unknown."""


class Labels(LandmarkSource):
    """The labels of the data itself, such as those of drawn faces."""

    def find(self, faces: FaceDataset) -> np.ndarray:
        if not np.isfinite(faces.landmarks).any():
            raise FacetrialError(
                "these pictures have no labelled landmarks; choose landmarks=regressor or landmarks=mtcnn."
            )
        return faces.landmarks


class Mtcnn(LandmarkSource):
    """MTCNN's five points, or those of `data.detector`, found when the pictures were aligned.

    Eye centres, nose tip and mouth corners are its own. The other ten, the corners of the eyes, the brows and
    the lips, are derived: those of the mean shape of Kaggle's training set, on a head turned as the five say. A
    picture in which MTCNN found no face has no landmarks.

    Raises:
        FacetrialError: MTCNN has found no face at all, or has not looked, as with drawn faces.
    """

    def find(self, faces: FaceDataset) -> np.ndarray:
        if np.isnan(faces.five_points).any((1, 2)).all():
            raise FacetrialError(
                "MTCNN has found a face in none of these pictures, or, as with drawn faces, has not looked; choose "
                "landmarks=regressor, or landmarks=labels where the data has them."
            )
        return derived_from_five(torch.from_numpy(faces.five_points)).numpy()


def derived_from_five(five: Tensor) -> Tensor:
    """Landmarks float32 (N, 15, 2) of MTCNN's five points (N, 5, 2), as `Mtcnn` derives them; NaN = unknown."""
    five = five.double()
    landmarks = torch.full((len(five), 15, 2), torch.nan, dtype=torch.float64)
    landmarks[:, list(_FIVE)] = five
    shape = mean_shape(five)
    eyes = shape[[LEFT_EYE, RIGHT_EYE]]
    flat = (shape - eyes.mean(0)) / (eyes[0] - eyes[1]).norm()
    landmarks = Head.of(landmarks).pixels(torch.cat([flat, flat.new_tensor(_AHEAD)[:, None]], dim=1))
    landmarks[:, list(_FIVE)] = five
    return landmarks.float()


class Regressor(LandmarkSource):
    """The project's own landmark network, trained first when its checkpoint is missing.

    Args:
        data: plain config of what it is trained on.
        model: plain config of the network and how it is trained, as in the config group `model`.
        trainer, callbacks, paths, seed: as for `python train.py model=landmarks`, but that the number of epochs is
            the model's, and one device trains; nothing is logged, for loggers are the trial's.
        checkpoint: a file; None is the name that the training gives it.
        cache: folder in which found landmarks are kept.
    """

    def __init__(
        self,
        data: dict,
        model: dict,
        trainer: dict,
        callbacks: dict,
        paths: dict,
        seed: Seed,
        checkpoint: ExistingFile | None,
        cache: str,
    ) -> None:
        plan = LandmarkPlan(
            data=data,
            model=model | {"checkpoint": checkpoint or model["checkpoint"]},
            trainer=trainer,
            callbacks=callbacks,
            logger={},
            paths=paths,
            seed=seed,
        )
        self.plan = plan.alone(max_epochs=model["max_epochs"])
        self.cache = Path(cache).expanduser()

    def find(self, faces: FaceDataset) -> np.ndarray:
        with self.plan.where_missing() as missing:
            if missing:
                log.info("There is no landmark network at %s yet: training it first.", self.plan.path)
                train_landmarks(self.plan)
        mark = settled_mark(self.plan.path)
        # Pictures that are kept are read-only: the same object has the same content.
        shared = None if faces.pixels.flags.writeable else faces.pixels
        known = mark is not None and shared is not None
        asked = (mark, self.plan.recipe, "\0".join(faces.files), faces.boxes, faces.rows)
        name = digest(*asked) if known else None
        if (before := _KEPT.recalled(name, shared)) is not None:
            return before.copy()
        found = self._found(faces)
        _KEPT.keep(name, found.copy(), shared)
        return found

    def _found(self, faces: FaceDataset) -> np.ndarray:
        """Landmarks by the network in its checkpoint, kept in `cache`."""
        state = self.plan.load()["state"]
        kept = self.cache / "landmarks" / f"{_name(faces, state)}.npy"
        if (
            found := recalled(kept, lambda content: np.load(io.BytesIO(content), allow_pickle=False))
        ) is not None:
            return found
        network = self.plan.make_network()
        network.load_state_dict(state)
        network.eval().to(memory_format=torch.channels_last)
        landmarks = []
        with torch.no_grad():
            for batch in faces.batches(_BATCH):
                landmarks.append(find_in_pictures(network, batch.images, batch.boxes).numpy())
        found = np.concatenate(landmarks).astype(np.float32)
        with written_whole(kept, seal=True) as temporary:
            np.save(temporary, found)
        return found


def _name(faces: FaceDataset, state: dict[str, torch.Tensor]) -> str:
    """A name for the landmarks of these pictures by this network."""
    pixels = (faces.pixels[faces.rows[start : start + 1024]] for start in range(0, len(faces), 1024))
    return digest(f"version {_VERSION}", state, "\0".join(faces.files), faces.boxes, pixels, size=12)
