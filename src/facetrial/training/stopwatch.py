"""How long a training took, over all its starts."""

import time
from typing import Any

from lightning import Callback, LightningModule, Trainer


class Stopwatch(Callback):
    """Counts the seconds from the start of a fit until it is read.

    Attributes:
        seconds: so far, those of an earlier start of the same training among them, up to its last whole epoch.
    """

    def __init__(self) -> None:
        self._before = 0.0
        self._started = time.monotonic()

    @property
    def seconds(self) -> float:
        return self._before + time.monotonic() - self._started

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        self._started = time.monotonic()

    def state_dict(self) -> dict[str, Any]:
        return {"seconds": self.seconds}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self._before = state_dict["seconds"]
