"""The recogniser that `attack.surrogate` names."""

import copy
import logging
from pathlib import Path

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf, open_dict

from facetrial.attacks.surrogate import Surrogate, maps_between
from facetrial.core.errors import FacetrialError
from facetrial.data.build import build_faces
from facetrial.data.datamodule import FacesDataModule
from facetrial.runtime.old_names import use_new_targets
from facetrial.training.train import recognizer_for

log = logging.getLogger(__name__)


def surrogate_for(config: DictConfig, faces: FacesDataModule) -> Surrogate | None:
    """The surrogate of `config`: trained like the victim, but for its embedder; None where none is named.

    Args:
        config: composed, with `attack.surrogate` and `surrogate.weights`.
        faces: as the victim sees them.

    Raises:
        FacetrialError: there is no embedder of this name.
    """
    name = config.attack.get("surrogate")
    if name is None:
        return None
    other = copy.deepcopy(config)
    with open_dict(other):
        other.embedder = embedder_config(name)
        if config.surrogate.weights is not None:
            other.embedder.weights = config.surrogate.weights
    log.info("The attack asks a surrogate, %s.", name)
    victim = recognizer_for(other).freeze()
    seen = build_faces(other, with_landmarks=False).all_faces
    return Surrogate(victim, maps_between(faces.all_faces, seen), other.embedder.size)


def embedder_config(name: str) -> DictConfig:
    """`conf/embedder/<name>.yaml`, from where Hydra found its configs."""
    sources = [source for source in HydraConfig.get().runtime.config_sources if source.schema == "file"]
    folders = [Path(source.path) / "embedder" for source in sources if source.path]
    for folder in folders:
        if (file := folder / f"{name}.yaml").is_file():
            embedder = OmegaConf.load(file)
            use_new_targets(embedder, f"embedder={name}")
            return embedder
    known = sorted(file.stem for folder in folders for file in folder.glob("*.yaml"))
    raise FacetrialError(f"attack.surrogate={name}: there is no such embedder; there are {', '.join(known)}.")
