"""The landmark network in training."""

import copy
import math
from collections.abc import Callable
from typing import Any

import torch
from lightning import LightningModule
from lightning.pytorch.utilities.types import OptimizerLRScheduler
from torch import Tensor, nn

from facetrial.core.errors import FacetrialError
from facetrial.faces.landmark_names import LANDMARK_NAMES
from facetrial.landmarks.inference import computes_in_bfloat16, find_in_frames


def known_loss(found: Tensor, landmarks: Tensor, beta: float) -> Tensor:
    """Smooth L1 between landmarks (B, 15, 2), the mean over what is labelled; NaN counts for nothing.

    Args:
        beta: pixels up to which the loss is quadratic.
    """
    known = torch.isfinite(landmarks)
    error = torch.where(known, found - landmarks.nan_to_num(0.0), 0.0)
    loss = nn.functional.smooth_l1_loss(error, torch.zeros_like(error), beta=beta, reduction="sum")
    return loss / known.sum().clamp(min=1)


def rmse(errors: Tensor) -> Tensor:
    """Root mean square over the coordinates that are not NaN, as Kaggle scores."""
    return errors.square().nanmean().sqrt()


def warm_cosine(step: int, steps: int) -> float:
    """The share of the learning rate at `step` of `steps`: up a line for 200 steps at most, down half a cosine."""
    warm = min(200, steps // 3) or 1
    return min(1.0, (step + 1) / warm) * max(0.001, 0.5 * (1 + math.cos(math.pi * min(1.0, step / steps))))


class LandmarkRegressor(LightningModule):
    """Trains a landmark network on frames with labels, and keeps the running mean of its weights, which is used.

    Args:
        network: what is trained.
        augmentation: (images, landmarks) to changed ones, on the device.
        optimizer: makes an optimiser from parameters.
        beta: pixels up to which the loss is quadratic.
        decay: of the running mean of the weights, a step.
    """

    steps: Tensor

    def __init__(
        self,
        network: nn.Module,
        augmentation: Callable[[Tensor, Tensor], tuple[Tensor, Tensor]],
        optimizer: Callable[..., torch.optim.Optimizer],
        beta: float = 2.0,
        decay: float = 0.998,
    ) -> None:
        super().__init__()
        self.network = network.to(memory_format=torch.channels_last)
        self.averaged = copy.deepcopy(self.network).requires_grad_(False)
        self.augmentation = augmentation
        self.optimizer = optimizer
        self.beta = beta
        self.decay = decay
        self.errors: list[Tensor] = []
        self.train_errors: list[Tensor] = []
        self.learning: list[dict[str, Any]] = []
        self.register_buffer("steps", torch.tensor(0.0))

    def forward(self, images: Tensor) -> Tensor:
        """Landmarks (B, 15, 2) in frames (B, 1, 96, 96), by the averaged network."""
        return self.averaged(images)

    def training_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> Tensor:
        with torch.no_grad(), torch.autocast(self.device.type, enabled=False):
            images, landmarks = self.augmentation(*batch)
        images = images.contiguous(memory_format=torch.channels_last)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=computes_in_bfloat16(self.device)):
            found = self.network(images)
        loss = known_loss(found, landmarks, self.beta)
        if not torch.isfinite(loss):
            raise FacetrialError(
                "the landmark loss is not finite; lower model.optimizer.lr. The last whole epoch is kept."
            )
        error = rmse(found.detach() - landmarks)
        self.log("train/rmse", error, on_epoch=True, on_step=False)
        self.train_errors.append(error)
        return loss

    def on_train_epoch_start(self) -> None:
        self.train_errors = []

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        checkpoint["learning"] = self.learning

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        self.learning = checkpoint["learning"]

    def on_train_batch_end(self, *_: object) -> None:
        self.steps += 1
        decay = min(self.decay, float((self.steps + 1) / (self.steps + 10)))
        for mean, now in zip(
            self.averaged.state_dict().values(), self.network.state_dict().values(), strict=True
        ):
            if mean.is_floating_point():
                mean.lerp_(now, 1 - decay)
            else:
                mean.copy_(now)

    def on_validation_epoch_start(self) -> None:
        self.errors = []

    def validation_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> None:
        images, landmarks = batch
        self.errors.append(find_in_frames(self.averaged, images) - landmarks)

    def on_validation_epoch_end(self) -> None:
        errors = torch.cat(self.errors)
        self.log("validation/rmse", rmse(errors), prog_bar=True)
        if self.train_errors:
            train = float(torch.stack(self.train_errors).nanmean())
            point: dict[str, Any] = {
                "epoch": self.current_epoch + 1,
                "train": train,
                "validation": float(rmse(errors)),
            }
            self.learning.append(point)
        for index, name in enumerate(LANDMARK_NAMES):
            self.log(f"validation/rmse/{name}", rmse(errors[:, index]))

    def configure_optimizers(self) -> OptimizerLRScheduler:
        optimizer = self.optimizer([p for p in self.network.parameters() if p.requires_grad])
        steps = max(1, int(self.trainer.estimated_stepping_batches))
        schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: warm_cosine(step, steps))
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}
