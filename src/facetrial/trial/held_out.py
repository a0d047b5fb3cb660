"""Embeddings of validation pictures, on which thresholds are set: taken once for a victim, and kept."""

import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn

from facetrial.core.files import recalled
from facetrial.core.locks import file_lock
from facetrial.faces.batch import FaceDataset
from facetrial.recognition.layers import scores_and_embeddings
from facetrial.recognition.victim import device_of
from facetrial.trial.embedding_shards import files_and_tensors, save_embeddings

log = logging.getLogger(__name__)

_CLEAN = "clean"


@dataclass(frozen=True)
class HeldOut:
    """Clean pictures that nothing was trained on and that are not scored.

    Attributes:
        embeddings: float32 (N, D), unit norm.
        identities: int64 (N,), who is on each.
    """

    embeddings: np.ndarray
    identities: np.ndarray


def held_out(victim: nn.Module, faces: FaceDataset, batch_size: int, kept: Path | None) -> HeldOut | None:
    """Embeddings of the validation pictures `faces`, as the victim's verdicts use them.

    Args:
        victim: in eval mode.
        faces: the pictures.
        batch_size: pictures shown at a time.
        kept: the file in which they are kept; it belongs to one victim and one set of pictures. None keeps nothing.

    Returns:
        None where the victim does not go by one embedding a picture.
    """
    if kept is None:
        found = _embedded(victim, faces, batch_size)
        return None if found is None else HeldOut(found.numpy(), faces.identities)
    with file_lock(kept):
        before = recalled(kept, files_and_tensors)
        if before is not None and before[0] == faces.files:
            return HeldOut(before[1][_CLEAN].numpy(), faces.identities)
        if (found := _embedded(victim, faces, batch_size)) is None:
            return None
        save_embeddings(kept, faces.files, {_CLEAN: found})
    return HeldOut(found.numpy(), faces.identities)


def _embedded(victim: nn.Module, faces: FaceDataset, batch_size: int) -> torch.Tensor | None:
    """Embeddings (N, D) of all pictures, on the CPU; None where the victim does not go by one a picture."""
    log.info("Looking at %d validation pictures, on which thresholds are set.", len(faces))
    parts = []
    for batch in faces.batches(batch_size, device_of(victim)):
        _, embeddings = scores_and_embeddings(victim, batch.images)
        if embeddings is None:
            return None
        parts.append(embeddings.cpu())
    return torch.cat(parts)
