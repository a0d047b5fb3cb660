"""Fits the head on training embeddings, inside Lightning's fit."""

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from lightning import Callback, LightningModule, Trainer
from torch import Tensor

from facetrial.defenses.trained.wrapped_data import training_faces
from facetrial.faces.batch import Faces
from facetrial.recognition.scores_head import fit_head
from facetrial.recognition.victim import Victim
from facetrial.training.lightning_module import Recognizer

log = logging.getLogger(__name__)


class FitHead(Callback):
    """Lets a projection start from principal components, and fits the head when training has ended.

    An embedder that projects has `unprojected`, a function of images, and `projection`, whose output it normalises.
    Where what perturbs training pictures asks a victim, or has to be fitted on one, that is the embedder with a head
    fitted on clean pictures. Lightning calls `on_fit_start` and `on_fit_end` with zero epochs too.
    """

    def __init__(self) -> None:
        self._started_from: tuple[Tensor, np.ndarray] | None = None

    def on_fit_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        data, pl_module = training_faces(trainer), _recognizer(pl_module)
        projection, unprojected = _projection(pl_module)
        if projection is not None and not projection.started:
            batches = (data.clean_faces if data.asks_victim else data).head_batches()
            started_from = _embed(pl_module, batches, unprojected)
            projection.start(started_from[0])
            if not data.asks_victim:
                self._started_from = started_from
        # The step is not known yet where training goes on that was cut short; that it does is.
        afresh = pl_module.start_from_means and trainer.ckpt_path is None and pl_module.epochs > 0
        if not (afresh or data.needs_fitting):
            return
        embeddings, identities = _embed(pl_module, data.clean_faces.head_batches(), pl_module.embedder)
        if afresh:
            pl_module.loss.start(
                embeddings.to(pl_module.device), torch.from_numpy(identities).to(pl_module.device)
            )
        if data.needs_fitting:
            _fit(pl_module, embeddings, identities, data.names)
            with _as_victim(pl_module, data.names) as victim:
                data.fit_attack(victim)

    def on_fit_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if not trainer.is_global_zero:  # the first of several processes has the network that all have
            return
        data, pl_module = training_faces(trainer), _recognizer(pl_module)
        # Where nothing was trained, what the projection started from need not be embedded again.
        if self._started_from is not None and trainer.global_step == 0:
            unprojected, identities = self._started_from
            with torch.no_grad():
                embeddings = F.normalize(_projection(pl_module)[0](unprojected))
        else:
            pl_module.to(trainer.strategy.root_device)  # Lightning has moved it to the CPU by now
            if data.asks_victim:
                clean, identities = _embed(pl_module, data.clean_faces.head_batches(), pl_module.embedder)
                _fit(pl_module, clean, identities, data.names)
                with _as_victim(pl_module, data.names) as victim:
                    embeddings, identities = _embed(pl_module, data.head_batches(victim), pl_module.embedder)
            else:
                embeddings, identities = _embed(pl_module, data.head_batches(), pl_module.embedder)
            pl_module.cpu()
        self._started_from = None
        log.info(
            "Fitting the head on %d embeddings of %d people.", len(embeddings), len(np.unique(identities))
        )
        _fit(pl_module, embeddings, identities, data.names)


def _fit(module: Recognizer, embeddings: Tensor, identities: np.ndarray, names: list[str]) -> None:
    fit_head(module.head, module.embedder, embeddings.double().numpy(), identities, names)


def _recognizer(module: LightningModule) -> Recognizer:
    if not isinstance(module, Recognizer):
        raise TypeError(f"the head of a Recognizer is fitted, found a {type(module).__name__}.")
    return module


def _projection(module: Recognizer) -> tuple[Any, Any]:
    """The projection of an embedder, and what comes before it; None of one that projects nothing."""
    return getattr(module.embedder, "projection", None), getattr(module.embedder, "unprojected", None)


@contextmanager
def _as_victim(module: Recognizer, names: list[str]) -> Iterator[Victim]:
    """The recogniser as a frozen victim, which shares its parts."""
    trainable = [parameter for parameter in module.parameters() if parameter.requires_grad]
    was_training = module.training
    victim = Victim(module.embedder, module.head, names).to(module.device).freeze()
    try:
        yield victim
    finally:
        for parameter in trainable:
            parameter.requires_grad_(True)
        module.train(was_training)


def _embed(
    module: Recognizer, batches: Iterable[Faces], embed: Callable[[Tensor], Tensor]
) -> tuple[Tensor, np.ndarray]:
    """Embeddings (N, D) and identities (N,) of batches, in eval mode."""
    was_training = module.training
    module.eval()
    embeddings, identities = [], []
    for batch in batches:  # what perturbs them may need gradients
        with torch.no_grad():
            embeddings.append(embed(batch.images.to(module.device)).float().cpu())
        identities.append(batch.identities.numpy())
    module.train(was_training)
    return torch.cat(embeddings), np.concatenate(identities)
