"""Fits the SVM on training embeddings, inside Lightning's fit."""

import logging
from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F
from lightning import Callback, Trainer
from torch import Tensor

from facetrial.recognition.recognizer import Recognizer

log = logging.getLogger(__name__)


class FitHead(Callback):
    """Starts a projection from principal components, and fits the head when training has ended.

    An embedder that projects has `unprojected`, a function of images, and `projection`, whose output it normalises.
    Lightning calls `on_fit_start` and `on_fit_end` with zero epochs too.
    """

    def __init__(self) -> None:
        self._started_from: tuple[Tensor, np.ndarray] | None = None

    def on_fit_start(self, trainer: Trainer, pl_module: Recognizer) -> None:
        projection = getattr(pl_module.embedder, "projection", None)
        if projection is not None and not projection.started:
            self._started_from = _embed(trainer, pl_module, pl_module.embedder.unprojected)
            projection.start(self._started_from[0])

    def on_fit_end(self, trainer: Trainer, pl_module: Recognizer) -> None:
        # Where nothing was trained, what the projection started from need not be embedded again.
        if self._started_from is not None and trainer.global_step == 0:
            unprojected, identities = self._started_from
            with torch.no_grad():
                embeddings = F.normalize(pl_module.embedder.projection(unprojected))
        else:
            pl_module.to(trainer.strategy.root_device)  # Lightning has moved it to the CPU by now
            embeddings, identities = _embed(trainer, pl_module, pl_module.embedder)
            pl_module.cpu()
        self._started_from = None
        log.info(
            "Fitting the SVM on %d embeddings of %d people.", len(embeddings), len(np.unique(identities))
        )
        pl_module.head.fit(embeddings.double().numpy(), identities)


def _embed(
    trainer: Trainer, module: Recognizer, embed: Callable[[Tensor], Tensor]
) -> tuple[Tensor, np.ndarray]:
    """Embeddings (N, D) and identities (N,) of the batches that the datamodule has for the head, in eval mode."""
    was_training = module.training
    module.eval()
    embeddings, identities = [], []
    for batch in trainer.datamodule.head_batches():  # what perturbs them may need gradients
        with torch.no_grad():
            embeddings.append(embed(batch.images.to(module.device)).float().cpu())
        identities.append(batch.identities.numpy())
    module.train(was_training)
    return torch.cat(embeddings), np.concatenate(identities)
