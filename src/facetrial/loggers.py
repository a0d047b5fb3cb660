"""Weights & Biases as a logger that asks nothing and reaches for no network unless it was given a key."""

import netrc
import os
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

import wandb
from lightning.pytorch.loggers import WandbLogger


class Wandb(WandbLogger):
    """Lightning's logger for wandb: offline where there is no key, and a run of its own for every logger.

    Args:
        save_dir: folder that gets `wandb/`; `wandb sync` uploads an offline run from there.
        offline: None is offline where neither WANDB_API_KEY nor the netrc file has a key.
        settings: of WandbLogger, such as `project` and `name`.
    """

    def __init__(self, save_dir: str, offline: bool | None = None, **settings: Any) -> None:
        if wandb.run is not None:  # of an earlier training or trial in this process, as in a sweep
            wandb.finish()
        super().__init__(save_dir=save_dir, offline=not has_key() if offline is None else offline, **settings)


def has_key() -> bool:
    """Whether wandb would find a key without asking."""
    if os.environ.get("WANDB_API_KEY"):
        return True
    host = urlparse(os.environ.get("WANDB_BASE_URL", "https://api.wandb.ai")).hostname
    path = Path(os.environ.get("NETRC", "~/.netrc")).expanduser()
    try:
        return netrc.netrc(path).authenticators(host) is not None
    except (OSError, netrc.NetrcParseError):
        return False
