"""An embedder that looks at a picture and at its mirror image."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class Mirrored(nn.Module):
    """The embedding of a picture plus that of its mirror image, of unit norm again, (B, D).

    Args:
        embedder: from images (B, 3, H, W) in [0, 1] to embeddings (B, D).
    """

    def __init__(self, embedder: nn.Module) -> None:
        super().__init__()
        self.embedder = embedder
        self.has_slope = getattr(embedder, "has_slope", True)
        self.keeps_answers = getattr(embedder, "keeps_answers", False)

    def forward(self, images: Tensor) -> Tensor:
        # In one pass, so that what makes a faster copy of the embedder meets each of its layers once.
        plain, mirrored = self.embedder(torch.cat([images, images.flip(3)])).chunk(2)
        return F.normalize(plain + mirrored)
