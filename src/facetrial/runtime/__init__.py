"""How the outside world is met: command line, configs, checkpoints, loggers, failures. Nothing of faces."""

from facetrial.runtime.checkpoints import load_checkpoint, save_checkpoint
from facetrial.runtime.cli import friendly_errors
from facetrial.runtime.failures import EndWithFailures
from facetrial.runtime.loggers import Wandb

__all__ = [
    "EndWithFailures",
    "Wandb",
    "friendly_errors",
    "load_checkpoint",
    "save_checkpoint",
]
