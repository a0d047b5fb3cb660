"""The recogniser that a config describes: read from its checkpoint, or trained first."""

import copy
import hashlib
import json
import logging
from pathlib import Path

import torch
from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf, open_dict
from torch import nn

from facetrial.checkpoints import config_differences, load_checkpoint
from facetrial.errors import FacetrialError
from facetrial.recognition.svm_head import SVMHead
from facetrial.recognition.victim import Victim

log = logging.getLogger(__name__)

KIND = "recognizer"
# Of `data`, what does not change a trained recogniser.
_NOT_IN_TRAINING = ("limit", "root", "cache")


def recipe(config: DictConfig) -> dict:
    """All that decides a trained recogniser, as plain values: what its checkpoint keeps of the config."""
    plain = OmegaConf.to_container(config, resolve=True)
    embedder = dict(plain["embedder"])
    if embedder.get("weights") and Path(str(embedder["weights"])).expanduser().is_file():
        content = Path(embedder["weights"]).expanduser().read_bytes()
        embedder["weights"] = f"content {hashlib.blake2b(content, digest_size=8).hexdigest()}"
    return {
        "data": {key: value for key, value in plain["data"].items() if key not in _NOT_IN_TRAINING},
        "embedder": embedder,
        "model": {key: value for key, value in plain["model"].items() if key not in ("checkpoint", "train")},
        "defense": plain["defense"],
        "max_epochs": plain["trainer"]["max_epochs"],
        "seed": plain["seed"],
    }


def checkpoint_path(config: DictConfig) -> Path:
    """Where the recogniser lies: `model.checkpoint`, or a name in `paths.models` made from its recipe."""
    if config.model.checkpoint is not None:
        return Path(config.model.checkpoint).expanduser()
    made_by = recipe(config)
    digest = hashlib.blake2b(json.dumps(made_by, sort_keys=True).encode(), digest_size=6).hexdigest()
    parts = [
        _class_name(made_by["data"]),
        _class_name(made_by["embedder"]),
        "+".join(made_by["defense"]) or "none",
        digest,
    ]
    return Path(config.paths.models) / f"{KIND}-{'-'.join(parts)}.ckpt"


def recognizer_for(config: DictConfig) -> Victim:
    """The recogniser that `config` describes; where its checkpoint is missing it is trained first.

    Raises:
        FacetrialError: the checkpoint cannot be read, is of another kind, or was made by another config.
    """
    from facetrial.recognition.training import train_recognizer

    path = checkpoint_path(config)
    if not path.is_file():
        log.info("There is no recogniser at %s yet: training it first.", path)
        alone = copy.deepcopy(config)
        with open_dict(alone):
            alone.trainer.devices = 1
            alone.trainer.strategy = "auto"
            alone.trainer.num_nodes = 1
        train_recognizer(alone)
    return load_recognizer(path, config)


def load_recognizer(path: Path, config: DictConfig) -> Victim:
    """The recogniser in the checkpoint at `path`, which `config` must have made."""
    content = load_checkpoint(path, KIND)
    if differences := config_differences(content["config"], recipe(config)):
        raise FacetrialError(
            f"{path} was made by another config:\n  "
            + "\n  ".join(differences)
            + "\nPut the config right, or name "
            "another model.checkpoint; without one, a recogniser is trained for this config."
        )
    embedder = build_embedder(config, pretrained=False)
    head = build_head(config)
    state = content["state"]
    try:
        embedder.load_state_dict(_below(state, "embedder."))
        head.load_state_dict(_below(state, "head."))
    except RuntimeError as error:
        raise FacetrialError(f"{path} does not fit {type(embedder).__name__}: {error}") from error
    return Victim(embedder, head, content["names"])


def build_embedder(config: DictConfig, pretrained: bool = True) -> nn.Module:
    """The embedder of `config`, with its published weights unless a checkpoint brings others."""
    chance = {} if pretrained or "weights" not in config.embedder else {"weights": None}
    # Convolutions run up to twice as fast with channels last.
    return instantiate(config.embedder, **chance).to(memory_format=torch.channels_last)


def build_head(config: DictConfig) -> SVMHead:
    """The head of `config`, not fitted."""
    return instantiate(config.model.head)


def _below(state: dict, prefix: str) -> dict:
    return {name.removeprefix(prefix): value for name, value in state.items() if name.startswith(prefix)}


def _class_name(part: dict) -> str:
    return part["_target_"].rsplit(".", 1)[-1].lower()
