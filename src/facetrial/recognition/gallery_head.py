"""A head without training: the similarity to each person's gallery."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from facetrial.core.errors import FacetrialError


class GalleryHead(nn.Module):
    """Cosine similarity of an embedding to one vector a person, such as the mean of their enrolled embeddings.

    Args:
        gallery: (C, D), a tensor or an array, of any length but zero.
        scale: by which similarities are multiplied to give scores.

    Raises:
        FacetrialError: a gallery of another shape, of fewer than two people, or with a vector of no direction.
    """

    gallery: Tensor

    def __init__(self, gallery: Tensor, scale: float = 1.0) -> None:
        super().__init__()
        try:
            gallery = torch.as_tensor(gallery)
        except Exception as error:  # of each type of thing that is no array, another one
            raise FacetrialError(
                f"a gallery must be a tensor (C, D), found a {type(gallery).__name__}."
            ) from error
        if not gallery.is_floating_point():
            raise FacetrialError(f"a gallery must hold floating-point numbers, found {gallery.dtype}.")
        if gallery.ndim != 2 or len(gallery) < 2:
            raise FacetrialError(
                f"a gallery needs one vector (D,) for each of at least two people, found shape {tuple(gallery.shape)}."
            )
        lengths = gallery.norm(dim=1)
        if not (lengths.isfinite() & (lengths > 0)).all():
            raise FacetrialError("a gallery's vectors must be finite and none of them zero.")
        self.register_buffer("gallery", F.normalize(gallery.detach()))
        self.scale = scale

    @property
    def num_classes(self) -> int:
        return len(self.gallery)

    def forward(self, embeddings: Tensor) -> Tensor:
        """Cosine similarities (B, C), times the scale, from embeddings (B, D)."""
        return self.scale * F.normalize(embeddings) @ self.gallery.to(embeddings.dtype).T
