"""The recogniser in training: an embedder that learns to tell people apart."""

from collections.abc import Callable, Sequence
from typing import Self

import torch
from lightning import LightningModule
from lightning.pytorch.utilities.types import OptimizerLRScheduler
from torch import Tensor, nn
from torchmetrics.classification import MulticlassAccuracy

from facetrial.core.errors import FacetrialError
from facetrial.defenses.trained.adversarial_batches import CleanAndPerturbed
from facetrial.faces.batch import Faces
from facetrial.recognition.fast_copy import in_training
from facetrial.recognition.gallery_head import GalleryHead
from facetrial.recognition.svm_head import SVMHead
from facetrial.recognition.victim import Victim
from facetrial.training.margin_softmax import MarginSoftmax


class Recognizer(LightningModule):
    """Fine-tunes chosen blocks of an embedder. The head is fitted by the callback FitHead.

    Args:
        embedder: images (B, 3, H, W) to unit-norm embeddings (B, D).
        head: not fitted yet.
        loss: from embeddings and identities to a scalar; holds a centre for each identity.
        optimizer: makes an optimiser from parameters.
        trainable: prefixes of the names of the embedder's parameters that are trained; the rest is frozen, its
            batch statistics too.
        epochs: over which the learning rate falls to zero, along a cosine.
        start_from_means: whether the loss's centres start at each person's mean embedding, as suits an embedder that
            has been trained before.

    Raises:
        FacetrialError: of the parameters that there are none's name starts with one of `trainable`.
    """

    def __init__(
        self,
        embedder: nn.Module,
        head: SVMHead | GalleryHead,
        loss: MarginSoftmax,
        optimizer: Callable[..., torch.optim.Optimizer],
        trainable: Sequence[str],
        epochs: int,
        start_from_means: bool = False,
    ) -> None:
        super().__init__()
        self.embedder = embedder
        self.head = head
        self.loss = loss
        self.optimizer = optimizer
        self.epochs = epochs
        self.start_from_means = start_from_means
        self._attacked: tuple[
            nn.Module, ...
        ] = ()  # the embedder, and it as it is attacked: no modules of this one
        self.validation_accuracy = MulticlassAccuracy(len(loss.centres), average="micro")
        for name, parameter in embedder.named_parameters():
            parameter.requires_grad_(name.startswith(tuple(trainable)))
        own = dict(embedder.named_parameters())
        if own and not any(parameter.requires_grad for parameter in own.values()):
            raise FacetrialError(
                f"model.trainable: no parameter of {type(embedder).__name__} starts with any of "
                f"{', '.join(trainable)}; they start with {', '.join(sorted({name.split('.')[0] for name in own}))}."
            )

    def forward(self, images: Tensor) -> Tensor:
        """Unit-norm embeddings (B, D)."""
        return self.embedder(images)

    def train(self, mode: bool = True) -> Self:
        super().train(mode)
        for module in self.embedder.modules():
            own = list(module.parameters(recurse=False))
            if own and not any(parameter.requires_grad for parameter in own):
                module.eval()
        return self

    def as_victim(self, names: Sequence[str]) -> Victim:
        """The recogniser as it is now, to be attacked in training: each person's centre stands for the head.

        It shares the embedder, which the caller sets to eval mode and back.
        """
        if not self._attacked or self._attacked[0] is not self.embedder:
            self._attacked = self.embedder, in_training(self.embedder, self.device)
        head = GalleryHead(self.loss.centres, self.loss.scale)
        victim = Victim(self._attacked[1], head, names)
        victim.training = head.training = False
        return victim

    def training_step(self, batch: Faces | CleanAndPerturbed, batch_idx: int) -> Tensor:
        loss = self._loss(batch)
        self.log("train/loss", loss, on_epoch=True, on_step=False, batch_size=len(batch))
        return loss

    def _loss(self, batch: Faces | CleanAndPerturbed) -> Tensor:
        if isinstance(batch, Faces):
            return self.loss(self.embedder(batch.images), batch.identities)
        weights, identities = batch.weights, batch.clean.identities
        both = self.embedder(torch.cat([batch.clean.images, batch.perturbed.images]))
        clean, perturbed = both.chunk(2)
        loss = weights.clean * self.loss(clean, identities) + weights.perturbed * self.loss(
            perturbed, identities
        )
        return loss + weights.consistency * (1.0 - (clean * perturbed).sum(1)).mean()

    def validation_step(self, batch: Faces, batch_idx: int) -> None:
        cosines = self.embedder(batch.images) @ nn.functional.normalize(self.loss.centres).T
        self.validation_accuracy(cosines, batch.identities)
        self.log(
            "validation/accuracy",
            self.validation_accuracy,
            on_epoch=True,
            prog_bar=True,
            batch_size=len(batch),
        )

    def configure_optimizers(self) -> OptimizerLRScheduler:
        optimizer = self.optimizer([p for p in self.parameters() if p.requires_grad])
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, max(self.epochs, 1))
        return {"optimizer": optimizer, "lr_scheduler": schedule}
