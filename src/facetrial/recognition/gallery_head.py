"""A head without training: the similarity to each person's gallery."""

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from facetrial.core.checked_settings import checked
from facetrial.core.errors import FacetrialError
from facetrial.core.settings import Count, Positive
from facetrial.recognition.enrolment import enrolled, mean_embeddings


class GalleryHead(nn.Module):
    """Cosine similarity of an embedding to one vector a person, such as the mean of their enrolled embeddings.

    How many pictures of a person there are only makes that mean a better one: unlike an SVM's, the margin of people
    with many is not wider for it.

    Args:
        gallery: (C, D), a tensor or an array, of any length but zero; None is fitted later.
        scale: by which similarities are multiplied to give scores.
        pictures: most of a person that are enrolled by `fit`; None takes all.

    Raises:
        FacetrialError: a gallery of another shape, of fewer than two people, or with a vector of no direction.
    """

    gallery: Tensor

    @checked("model.head")
    def __init__(
        self, gallery: Tensor | None = None, scale: Positive = 1.0, pictures: Count | None = None
    ) -> None:
        super().__init__()
        self.scale = scale
        self.pictures = pictures
        self.register_buffer("gallery", torch.zeros(0) if gallery is None else _directions(gallery))

    @property
    def fitted(self) -> bool:
        return self.gallery.numel() > 0

    @property
    def num_classes(self) -> int:
        return len(self.gallery)

    def fit(self, embeddings: np.ndarray, identities: np.ndarray) -> None:
        """Enrols people: the gallery is each one's mean embedding.

        Args:
            embeddings: (N, D), an array or a tensor on the CPU.
            identities: (N,) with every class from 0 to C - 1, or a list of these.

        Raises:
            FacetrialError: as by `enrolled`, or a person's embeddings cancel out.
        """
        means = mean_embeddings(*enrolled(embeddings, identities), self.pictures)
        self.gallery = _directions(torch.from_numpy(means).float()).to(self.gallery.device)

    def forward(self, embeddings: Tensor) -> Tensor:
        """Cosine similarities (B, C), times the scale, from embeddings (B, D)."""
        if not self.fitted:
            raise FacetrialError("the gallery is empty; train the recogniser first: python train.py.")
        return self.scale * F.normalize(embeddings) @ self.gallery.to(embeddings.dtype).T

    def _load_from_state_dict(self, state_dict: dict, prefix: str, *arguments) -> None:
        # The gallery's shape is known only once it is fitted: take that of the file.
        if (stored := state_dict.get(f"{prefix}gallery")) is not None:
            self.gallery = torch.empty(stored.shape, dtype=stored.dtype, device=self.gallery.device)
        super()._load_from_state_dict(state_dict, prefix, *arguments)


def _directions(gallery: Tensor) -> Tensor:
    """A gallery (C, D) in unit norm."""
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
    return F.normalize(gallery.detach())
