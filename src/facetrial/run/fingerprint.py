"""A short name for all that decides a picture's row, under which a trial keeps its rows."""

import hashlib
import json

import numpy as np
from omegaconf import DictConfig, OmegaConf
from torch import nn

from facetrial.core.provenance import data_recipe, package_code, users_code
from facetrial.faces.batch import FaceDataset

# What may differ in `data` between two trials whose rows are the same: rows are keyed by picture.
_NOT_IN_ROWS = ("limit", "batch_size", "cache")
# Of this package, what a picture's row comes from.
_DECIDE_ROWS = (
    "attacks", "core/exact_sums.py", "core/randomness.py", "data", "defenses", "faces", "landmarks", "recognition",
    "regions", "training", "trial",
)  # fmt: skip


def trial_fingerprint(config: DictConfig, asked: list[nn.Module], with_landmarks: FaceDataset | None) -> str:
    """A short name for all that decides a picture's row: victim and surrogate, attack, seed, data, landmarks."""
    digest = hashlib.blake2b(digest_size=8)
    for victim in asked:
        for name, tensor in sorted(victim.state_dict().items()):
            digest.update(name.encode())
            digest.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    data = OmegaConf.to_container(config.data, resolve=True)
    parts = ("attack", "goal", "defense", "certificate", "embedder", "model", "data")
    about = {
        "code": package_code(*_DECIDE_ROWS),
        "own": users_code([OmegaConf.to_container(config[part], resolve=True) for part in parts]),
        "attack": OmegaConf.to_container(config.attack, resolve=True),
        "goal": OmegaConf.to_container(config.goal, resolve=True),
        "defense": OmegaConf.to_container(config.defense, resolve=True),
        "certificate": OmegaConf.to_container(config.certificate, resolve=True),
        "seed": config.seed,
        "data": data_recipe(data, _NOT_IN_ROWS),
    }
    digest.update(json.dumps(about, sort_keys=True).encode())
    if with_landmarks is not None:
        digest.update(np.ascontiguousarray(with_landmarks.landmarks).tobytes())
    return digest.hexdigest()
