"""How long a training is going to take, said as soon as its first steps show it."""

import logging
import time
from collections.abc import Callable
from typing import Any

from lightning import Callback, LightningModule, Trainer

from facetrial.core.progress import estimate_in_words

log = logging.getLogger(__name__)

_LEAST_SECONDS, _LEAST_STEPS = 3.0, 3  # that are timed first, after one that warms up
_NEWS = (0.5, 1.3)  # outside of so many times what was said before


class SayHowLong(Callback):
    """Says how long the rest of a training takes, and again after an epoch by which it is otherwise.

    Later epochs may take longer than the first, such as those with adversarial examples; a machine may have slept.

    Args:
        clock: seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._said: float | None = None  # when it ends, as was said last

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self._epoch_started = self._clock()

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        if batch_idx == 0:
            self._warm = self._clock()
        elif self._said is None and batch_idx >= _LEAST_STEPS:
            step = (self._clock() - self._warm) / batch_idx
            left = int(trainer.num_training_batches) * (_epochs_left(trainer) + 1) - 1 - batch_idx
            if batch_idx * step >= _LEAST_SECONDS:
                self._say(trainer, left * step)

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self._say(trainer, _epochs_left(trainer) * (self._clock() - self._epoch_started))

    def _say(self, trainer: Trainer, seconds: float) -> None:
        """Says that so many are left, where it is news."""
        now = self._clock()
        if self._said is not None:
            least, most = (times * (self._said - now) for times in _NEWS)
            if least <= seconds <= most:
                return
        self._said = now + seconds
        if trainer.is_global_zero and (words := estimate_in_words(seconds)) is not None:
            log.info("The rest of the training takes %s.", words)


def _epochs_left(trainer: Trainer) -> int:
    """After the present one."""
    return max((trainer.max_epochs or 0) - 1 - trainer.current_epoch, 0)
