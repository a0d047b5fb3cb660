"""The recogniser that a config describes: what decides it, where its checkpoint lies, and reading that."""

from pathlib import Path

import torch
from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf
from torch import nn

from facetrial.core.errors import FacetrialError
from facetrial.core.provenance import data_recipe, digest, file_content, trainer_recipe, users_code, without
from facetrial.defenses.build import build_defenses
from facetrial.recognition.embedders.factory import make_embedder, own_content
from facetrial.recognition.svm_head import SVMHead
from facetrial.recognition.victim import Victim
from facetrial.runtime.checkpoints import config_differences, load_checkpoint

KIND = "recognizer"
# Of `data`, what does not change a trained recogniser; training has a batch size of its own, `model.batch_size`.
_NOT_IN_TRAINING = ("limit", "cache", "batch_size", "on_bad_picture")
# Of `landmarks`, what does not change them.
_NOT_IN_LANDMARKS = ("cache", "paths", "trainer", "callbacks", "_recursive_", "_convert_")


def recipe(config: DictConfig) -> dict:
    """All that decides a trained recogniser, as plain values: what its checkpoint keeps of the config."""
    parts = ("data", "embedder", "model", "defense")
    plain = {part: OmegaConf.to_container(config[part], resolve=True) for part in parts}
    if "weights" in plain["embedder"]:
        plain["embedder"]["weights"] = file_content(plain["embedder"]["weights"])
    if (content := own_content(config.embedder)) is not None:
        plain["embedder"]["content"] = content
    trains = {name: defense for name, defense in build_defenses(config).items() if defense.trains}
    made_by = {
        "data": data_recipe(plain["data"], _NOT_IN_TRAINING),
        "embedder": plain["embedder"],
        "model": without(plain["model"], ("checkpoint", "train", "max_epochs")),
        "defense": {name: plain["defense"][name] for name in trains},
        "trainer": trainer_recipe(config),
        "seed": config.seed,
    }
    if any(defense.needs_landmarks for defense in trains.values()):
        made_by["landmarks"] = landmarks_recipe(config)
    if own := users_code(made_by):
        made_by["code"] = own
    return made_by


def checkpoint_path(config: DictConfig) -> Path:
    """Where the recogniser lies: `model.checkpoint`, or a name in `paths.models` made from its recipe."""
    if config.model.checkpoint is not None:
        return Path(config.model.checkpoint).expanduser()
    made_by = recipe(config)
    parts = [
        _class_name(made_by["data"]),
        _class_name(made_by["embedder"]),
        "+".join(made_by["defense"]) or "none",
        digest(made_by),
    ]
    return Path(config.paths.models).expanduser() / f"{KIND}-{'-'.join(parts)}.ckpt"


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
    # Convolutions run up to twice as fast with channels last.
    return make_embedder(config.embedder, pretrained).to(memory_format=torch.channels_last)


def build_head(config: DictConfig) -> SVMHead:
    """The head of `config`, not fitted."""
    return instantiate(config.model.head)


def landmarks_recipe(config: DictConfig) -> dict:
    """All that decides the landmarks that `config.landmarks` finds, as plain values."""
    source = OmegaConf.to_container(config.landmarks, resolve=True)
    made_by = without(source, _NOT_IN_LANDMARKS)
    if "checkpoint" in source:
        made_by["checkpoint"] = file_content(source["checkpoint"])
    if "data" in source:
        made_by["data"] = data_recipe(source["data"], ("limit", "cache"))
    if "model" in source:
        made_by["model"] = without(source["model"], ("checkpoint", "train"))
    return made_by


def _below(state: dict, prefix: str) -> dict:
    return {name.removeprefix(prefix): value for name, value in state.items() if name.startswith(prefix)}


def _class_name(part: dict) -> str:
    return part["_target_"].rsplit(".", 1)[-1].lower()
