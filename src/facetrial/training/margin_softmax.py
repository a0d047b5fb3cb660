"""Losses that fine-tune an embedder to tell people apart."""

from typing import Annotated

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from facetrial.core.checked_settings import checked
from facetrial.core.settings import NotNegative, Positive, Unit


class MarginSoftmax(nn.Module):
    """Softmax over cosines, with an additive angular margin (ArcFace, Deng et al., CVPR 2019).

    Args:
        dimension: of the embeddings.
        num_classes: identities.
        margin: angle in radians that is added to that of the right identity; 0 is the softmax without a margin.
        scale: of the cosines.

    Raises:
        FacetrialError: a negative margin or a scale that is not positive.
    """

    @checked("model.loss")
    def __init__(
        self,
        dimension: int,
        num_classes: int,
        margin: Annotated[NotNegative, Unit("radians")] = 0.2,
        scale: Positive = 24.0,
    ) -> None:
        super().__init__()
        self.margin = margin
        self.scale = scale
        self.centres = nn.Parameter(torch.randn(num_classes, dimension))

    @torch.no_grad()
    def start(self, embeddings: Tensor, identities: Tensor) -> None:
        """Lets each identity's centre start at the mean of its embeddings (N, D); identities (N,)."""
        sums = torch.zeros_like(self.centres).index_add_(0, identities, embeddings.to(self.centres))
        known = torch.bincount(identities, minlength=len(sums)) > 0
        self.centres[known] = F.normalize(sums[known])

    def forward(self, embeddings: Tensor, identities: Tensor) -> Tensor:
        """Mean cross-entropy, from unit-norm embeddings (B, D) and identities (B,)."""
        # In float32: half precision rounds 1 - 1e-6 to 1, where the angle has no gradient.
        cosines = F.linear(embeddings, F.normalize(self.centres)).float()
        rows = torch.arange(len(cosines), device=cosines.device)
        angle = cosines[rows, identities].clamp(-1 + 1e-6, 1 - 1e-6).acos()
        narrowed = cosines.index_put((rows, identities), (angle + self.margin).clamp(max=torch.pi).cos())
        return F.cross_entropy(self.scale * narrowed, identities)
