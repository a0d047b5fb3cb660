"""How a landmark network is made, as a config describes it."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from hydra.utils import instantiate
from torch import nn

from facetrial.core.errors import FacetrialError
from facetrial.core.provenance import without
from facetrial.data.datamodule import FacesDataModule
from facetrial.data.framed import FramedFaces, FramesDataModule
from facetrial.landmarks.lightning_module import LandmarkRegressor
from facetrial.runtime.plan import Plan, Settings

# Of this package, what a landmark network comes from.
_DECIDES = (
    "core/randomness.py", "core/seeding.py", "data", "faces/batch.py", "faces/frames.py", "faces/homographies.py",
    "faces/landmark_names.py", "landmarks",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class LandmarkPlan(Plan):
    """How a landmark network is made."""

    kind = "landmarks"
    says = (
        "Put landmarks.data, landmarks.model or seed right, or name another landmarks.checkpoint; without one, a "
        "network is trained for this config."
    )

    @property
    def code_parts(self) -> tuple[str, ...]:
        return _DECIDES

    @cached_property
    def recipe(self) -> Settings:
        return self.with_code(
            {
                "data": self.data_recipe("limit", "cache"),
                "model": without(self.model, ("checkpoint", "train", "plan", "max_epochs")),
                "trainer": self.trainer_recipe,
                "seed": self.seed,
            }
        )

    def make_network(self) -> nn.Module:
        """The network, not trained."""
        return instantiate(self.model["network"])

    def make_regressor(self) -> LandmarkRegressor:
        """What is trained."""
        return LandmarkRegressor(
            network=self.make_network(),
            augmentation=instantiate(self.model["augmentation"]),
            optimizer=instantiate(self.model["optimizer"]),
        )

    def make_frames(self) -> FramesDataModule:
        """What it learns from, set up: frames of keypoints, or faces with labels cut to frames."""
        data = instantiate(self.data)
        if isinstance(data, FacesDataModule) and np.isfinite(data.all_faces.landmarks).any():
            data = FramedFaces(data)
        if not isinstance(data, FramesDataModule):
            raise FacetrialError(
                f"the landmark network learns from labelled faces, and {type(data).__name__} has no labels; give "
                "data=keypoints or data=synthetic."
            )
        data.setup("fit")
        return data
