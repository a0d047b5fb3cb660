"""Stops a training whose numbers are no longer finite, before it overwrites what was good."""

from pathlib import Path
from typing import Any

import torch
from lightning import Callback, LightningModule, Trainer

from facetrial.errors import FacetrialError


class StopWhenNotFinite(Callback):
    """Looks at each step's loss, and at all weights before an epoch is saved.

    Args:
        kept: the folder that keeps the last whole epoch.

    Raises:
        FacetrialError: when one is not finite; it says where the last good epoch lies.
    """

    def __init__(self, kept: Path) -> None:
        self.kept = kept

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        if not torch.isfinite(outputs["loss"]).item():
            raise self._error(f"the loss became {float(outputs['loss'])}", trainer)

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        for name, parameter in pl_module.named_parameters():
            if parameter.requires_grad and not torch.isfinite(parameter).all():
                raise self._error(f"the weights {name} are no longer finite", trainer)

    def _error(self, what: str, trainer: Trainer) -> FacetrialError:
        last = self.kept / "last.ckpt"
        kept = f"The last whole epoch is kept in {last}" if last.is_file() else "There was no whole epoch yet"
        return FacetrialError(
            f"{what} in epoch {trainer.current_epoch}, step {trainer.global_step}; training stopped. {kept}. Give a "
            "lower model.optimizer.lr, trainer.gradient_clip_val=1.0, or trainer.precision=32-true."
        )
