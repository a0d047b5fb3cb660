"""How the outside world is met: command line, configs, checkpoints, loggers, failures. Nothing of faces."""

from facetrial.runtime.checkpoints import load_checkpoint, save_checkpoint
from facetrial.runtime.cli import explained
from facetrial.runtime.failures import EndWithFailures
from facetrial.runtime.loggers import Wandb

__all__ = [
    "EndWithFailures",
    "Wandb",
    "explained",
    "load_checkpoint",
    "save_checkpoint",
]
