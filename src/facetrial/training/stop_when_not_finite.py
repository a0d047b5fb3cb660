"""Stops a training whose numbers are no longer finite, before it overwrites what was good."""

from pathlib import Path
from typing import Any

import torch
from lightning import Callback, LightningModule, Trainer

from facetrial.core.errors import FacetrialError


class StopWhenNotFinite(Callback):
    """Looks at each step's loss and at the weights that it leaves.

    Weights are judged by their norm, which overflows before what perturbs the next batch cannot work with them.

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
        trained = [parameter.detach() for parameter in pl_module.parameters() if parameter.requires_grad]
        norm = torch.nn.utils.get_total_norm(trained).to(outputs["loss"].device)
        # Asked of the device at once, which each question would stop.
        loss_is_finite, norm_is_finite = torch.stack([outputs["loss"], norm]).isfinite().tolist()
        if not loss_is_finite:
            raise self.error(f"the loss became {float(outputs['loss'])}", trainer)
        if not norm_is_finite:
            raise self.error("the norm of the weights is no longer finite", trainer)

    def error(self, what: str, trainer: Trainer) -> FacetrialError:
        """What to raise: what happened, where, what is kept, and what to do."""
        last = self.kept / "last.ckpt"
        kept = f"The last whole epoch is kept in {last}" if last.is_file() else "There was no whole epoch yet"
        return FacetrialError(
            f"{what} in epoch {trainer.current_epoch}, step {trainer.global_step}; training stopped. {kept}. Give a "
            "lower model.optimizer.lr, trainer.gradient_clip_val=1.0, or trainer.precision=32-true."
        )
