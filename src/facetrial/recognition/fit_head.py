"""Fits the SVM on training embeddings, inside Lightning's fit."""

import logging
from collections.abc import Callable

import numpy as np
import torch
from lightning import Callback, Trainer
from torch import Tensor

from facetrial.recognition.recognizer import Recognizer

log = logging.getLogger(__name__)


class FitHead(Callback):
    """Starts a projection from principal components, and fits the head when training has ended.

    Lightning calls `on_fit_start` and `on_fit_end` with zero epochs too.
    """

    def on_fit_start(self, trainer: Trainer, pl_module: Recognizer) -> None:
        projection = getattr(pl_module.embedder, "projection", None)
        if projection is not None and not projection.started:
            embeddings, _ = _embed(trainer, pl_module, pl_module.embedder.unprojected)
            projection.start(embeddings)

    def on_fit_end(self, trainer: Trainer, pl_module: Recognizer) -> None:
        embeddings, identities = _embed(trainer, pl_module, pl_module.embedder)
        log.info(
            "Fitting the SVM on %d embeddings of %d people.", len(embeddings), len(np.unique(identities))
        )
        pl_module.head.fit(embeddings.double().cpu().numpy(), identities)


def _embed(
    trainer: Trainer, module: Recognizer, embed: Callable[[Tensor], Tensor]
) -> tuple[Tensor, np.ndarray]:
    """Embeddings (N, D) and identities (N,) of the batches that the datamodule has for the head, in eval mode."""
    was_training = module.training
    module.eval()
    embeddings, identities = [], []
    with torch.no_grad():
        for batch in trainer.datamodule.head_batches():
            embeddings.append(embed(batch.images.to(module.device)).float())
            identities.append(batch.identities.numpy())
    module.train(was_training)
    return torch.cat(embeddings), np.concatenate(identities)
