"""Recipes: what decides a trained model, as plain values, so that a checkpoint is never used for another config."""

import hashlib
import json
from pathlib import Path
from typing import Any

from hydra.utils import get_class
from omegaconf import DictConfig

# Of `trainer`, what changes a model. The number of devices is left out: a trial may run on any number of them.
_TRAINER_DECIDES = (
    "max_epochs", "max_steps", "max_time", "fast_dev_run", "overfit_batches", "limit_train_batches",
    "accumulate_grad_batches", "gradient_clip_val", "gradient_clip_algorithm", "precision",
)  # fmt: skip


def trainer_recipe(config: DictConfig) -> dict[str, Any]:
    """What of `config.trainer` decides a model."""
    return {key: config.trainer[key] for key in _TRAINER_DECIDES if key in config.trainer}


def data_recipe(data: dict[str, Any], leave_out: tuple[str, ...]) -> dict[str, Any]:
    """What of a data config decides a model: its settings, and its files by name and size, wherever they lie.

    A class of data with files of its own lists them in `source_files(root)`.
    """
    made_by = without(data, ("root", *leave_out))
    list_files = getattr(get_class(data["_target_"]), "source_files", None)
    if data.get("root") is not None and list_files is not None:
        root = Path(data["root"]).expanduser()
        found = sorted(
            f"{path.relative_to(root).as_posix()} {path.stat().st_size}" for path in list_files(root)
        )
        made_by["files"] = f"{len(found)} files, {digest(found)}"
    return made_by


def without(part: dict[str, Any], keys: tuple[str, ...]) -> dict[str, Any]:
    """A dict less some keys."""
    return {key: value for key, value in part.items() if key not in keys}


def digest(values: Any) -> str:
    """A short name for plain values."""
    return hashlib.blake2b(json.dumps(values, sort_keys=True).encode(), digest_size=6).hexdigest()
