"""The faces that a recogniser is trained on, wrapped by every defence that trains."""

from lightning import LightningDataModule
from omegaconf import DictConfig

from facetrial.data.build import build_faces
from facetrial.defenses.build import build_defenses


def build_datamodule(config: DictConfig) -> LightningDataModule:
    """The faces to train on: the clean ones, wrapped in order by every defence that trains."""
    defenses = [defense for defense in build_defenses(config).values() if defense.trains]
    datamodule = build_faces(config, with_landmarks=any(defense.needs_landmarks for defense in defenses))
    for defense in defenses:
        datamodule = defense.wrap_data(datamodule)
    return datamodule
