"""Whether the network is shown red, green and blue in the order that it was trained on."""

from typing import Annotated

import numpy as np
import torch
from torch import Tensor

from facetrial.checks.base import Check, Evidence, Outcome, does_not_apply, failed, passed
from facetrial.core.settings import Count, NotNegative, Unit
from facetrial.recognition.layers import base_model, scores_and_embeddings

_LEAST = 0.03  # of cosines: gaps of weak networks differ by chance


class ColourOrder(Check):
    """Embeddings tell people apart no better when red and blue are exchanged.

    Of a network that was trained on BGR, as OpenCV reads pictures, the gap between the cosines of one person's
    pictures and of two people's grows when the channels are exchanged, whatever head was fitted on it.

    It is left out where the victim shows no embeddings, and where no person has two pictures.

    Args:
        pictures: of those trained on, how many are shown at most, two of a person.
        tolerance: by how much the gap may be wider exchanged.
    """

    def __init__(
        self, pictures: Count = 32, tolerance: Annotated[NotNegative, Unit("of the gap")] = 0.1
    ) -> None:
        self.pictures = pictures
        self.tolerance = tolerance

    def __call__(self, evidence: Evidence) -> Outcome:
        faces = evidence.train_faces  # of whom every person has two, however few are tested
        batch = faces.batch(_pairs(faces.identities, self.pictures // 2)).to(evidence.device)
        victim = base_model(evidence.victim)
        gaps = []
        for images in (batch.images, batch.images.flip(1)):
            embeddings = scores_and_embeddings(victim, images)[1]
            gap = None if embeddings is None else _gap(embeddings, batch.identities)
            if gap is None:
                return does_not_apply("the victim shows no embeddings, or no person has two pictures")
            gaps.append(gap)
        straight, exchanged = gaps
        detail = (
            f"cosines of one person's pictures lie {straight:.3f} above those of two people's, {exchanged:.3f} with "
            f"red and blue exchanged ({len(batch)} pictures)"
        )
        if exchanged <= max(straight * (1 + self.tolerance), straight + _LEAST):
            return passed(detail)
        return failed(
            detail,
            "the network was trained on the other order of channels: give it RGB as it is trained on it, or have your "
            "embedder exchange them (embedder.channels=bgr of embedder=onnx)",
        )


def _pairs(identities: np.ndarray, people: int) -> np.ndarray:
    """Two pictures each of the first people that have two, as indices."""
    of_each = (np.flatnonzero(identities == who)[:2] for who in np.unique(identities))
    return np.concatenate([np.zeros(0, int), *[rows for rows in of_each if len(rows) == 2][:people]])


def _gap(embeddings: Tensor, identities: Tensor) -> float | None:
    """By how much the mean cosine of one person's pictures exceeds that of two people's; embeddings (B, D)."""
    cosines = embeddings @ embeddings.T
    same = identities[:, None] == identities[None]
    other = ~torch.eye(len(same), dtype=torch.bool, device=same.device)
    if not (same & other).any() or same.all():
        return None
    return float(cosines[same & other].mean() - cosines[~same].mean())
