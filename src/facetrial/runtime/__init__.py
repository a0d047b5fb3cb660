"""How the outside world is met: command line, configs, checkpoints, loggers, failures. Nothing of faces."""

from typing import TYPE_CHECKING

import facetrial.runtime.resolvers  # noqa: F401, registers the resolvers that the configs use
from facetrial.core.exports import export_on_demand

if TYPE_CHECKING:
    from facetrial.runtime.checkpoints import load_checkpoint, save_checkpoint
    from facetrial.runtime.cli import friendly_errors
    from facetrial.runtime.failures import EndWithFailures
    from facetrial.runtime.folders import CheckFolder
    from facetrial.runtime.loggers import Mlflow, Wandb

__all__ = [
    "CheckFolder",
    "EndWithFailures",
    "Mlflow",
    "Wandb",
    "friendly_errors",
    "load_checkpoint",
    "save_checkpoint",
]

export_on_demand(__name__)
