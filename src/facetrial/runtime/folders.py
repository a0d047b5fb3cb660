"""Whether the folder of a run may be written to, asked before Hydra makes it."""

import sys
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig
from hydra.experimental.callback import Callback
from omegaconf import DictConfig

from facetrial.core.errors import FacetrialError
from facetrial.core.files import check_writable


class CheckFolder(Callback):
    """Hydra's callback that ends a command with a sentence where its results cannot be written.

    Hydra itself would end it with a traceback.
    """

    def on_run_start(self, config: DictConfig, **_: Any) -> None:
        HydraConfig.instance().set_config(config)  # as Hydra does next; the folder's name asks it
        _check(config.hydra.run.dir)

    def on_multirun_start(self, config: DictConfig, **_: Any) -> None:
        _check(config.hydra.sweep.dir)


def _check(folder: str) -> None:
    try:
        check_writable(Path(folder))
    except FacetrialError as error:
        sys.exit(str(error))
