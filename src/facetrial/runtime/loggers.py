"""Weights & Biases as a logger that asks nothing and reaches for no network unless it was given a key."""

import netrc
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

from lightning.pytorch.loggers import Logger, WandbLogger

from facetrial.core.errors import FacetrialError


class Wandb(WandbLogger):
    """Lightning's logger for wandb: offline where there is no key, and a run of its own for every logger.

    Args:
        save_dir: folder that gets `wandb/`; `wandb sync` uploads an offline run from there.
        offline: None leaves it to WANDB_MODE, such as "disabled"; where that is not set either, a run is offline if
            neither WANDB_API_KEY nor the netrc file has a key.
        settings: of WandbLogger, such as `project` and `name`.

    Raises:
        FacetrialError: wandb is not installed.
    """

    def __init__(self, save_dir: str, offline: bool | None = None, **settings: Any) -> None:
        try:
            import wandb
        except ImportError as error:
            raise FacetrialError(
                "logger=wandb needs the package wandb: pip install wandb, or choose logger=csv or logger=none."
            ) from error
        if wandb.run is not None:  # of an earlier training or trial in this process, as in a sweep
            wandb.finish()
        if offline is None:
            mode = os.environ.get("WANDB_MODE") or ("online" if has_key() else "offline")
        else:
            mode = "offline" if offline else "online"
        # Not by WandbLogger's `offline`, which sets WANDB_MODE for whatever comes later in this process.
        super().__init__(save_dir=save_dir, mode=mode, **settings)


def has_key() -> bool:
    """Whether wandb would find a key without asking."""
    if os.environ.get("WANDB_API_KEY"):
        return True
    host = urlparse(os.environ.get("WANDB_BASE_URL", "https://api.wandb.ai")).hostname or ""
    path = Path(os.environ.get("NETRC", "~/.netrc")).expanduser()
    try:
        return netrc.netrc(path).authenticators(host) is not None
    except (OSError, netrc.NetrcParseError):
        return False


def log_training(loggers: Iterable[Logger], metrics: Mapping[str, float], checkpoint: Path) -> None:
    """Tells of a training that is done: its figures, and to wandb its checkpoint as an artifact."""
    for logger in loggers:
        logger.log_metrics(dict(metrics))
        if isinstance(logger, WandbLogger):
            log_checkpoint(logger.experiment, checkpoint)
        logger.finalize("success")


def log_checkpoint(run: Any, checkpoint: Path) -> None:
    """Keeps a model as an artifact of a wandb run; the same model, by its content, is one version for all runs."""
    import wandb

    if checkpoint.is_file():
        name = "".join(c if c.isalnum() or c in "-_." else "_" for c in checkpoint.stem)
        artifact = wandb.Artifact(name, "model")
        artifact.add_file(str(checkpoint))
        run.log_artifact(artifact)
