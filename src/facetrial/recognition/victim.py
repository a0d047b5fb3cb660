"""The victim: what is attacked, differentiable from pixels to identity scores."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from typing import Self

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from facetrial.core.errors import FacetrialError, visible
from facetrial.faces.batch import check_images
from facetrial.recognition.foreign import as_module, called

_NAMED = 5  # people, where a victim is printed


class Victim(nn.Module):
    """An embedder with a head.

    Args:
        embedder: from images (B, 3, H, W) in [0, 1] to unit-norm embeddings (B, D).
        head: from embeddings to identity scores (B, C). Where it says so itself (`fitted`, `num_classes`), it is
            checked. Either may be a plain function.
        names: the person's name for each of the C identities.

    Attributes:
        checked: whether images are checked before they are shown; what stands in front of it may have done so.

    Raises:
        FacetrialError: the head is not fitted, or knows another number of people; one of them is no module or function.
    """

    checked = True

    def __init__(self, embedder: nn.Module, head: nn.Module, names: Sequence[str]) -> None:
        super().__init__()
        if not getattr(head, "fitted", True):
            raise FacetrialError("the recogniser's head is not fitted; train it first: python train.py.")
        if isinstance(names, str) or not isinstance(names, Iterable):
            raise FacetrialError(f"names must be a list with each person's name, found {names!r}.")
        self.names = list(names)
        if (known := getattr(head, "num_classes", len(self.names))) != len(self.names):
            raise FacetrialError(f"the head knows {known} people, but there are {len(self.names)} names.")
        self.embedder = as_module(embedder, "a victim's embedder")
        self.head = as_module(head, "a victim's head")

    def forward(self, images: Tensor) -> Tensor:
        """Identity scores (B, C) from images (B, 3, H, W) in [0, 1].

        Raises:
            FacetrialError: images of another shape or range.
        """
        if self.checked:
            check_images(images.detach().float())
        return self.head(self.embedder(images))

    def with_embeddings(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Identity scores (B, C), and the embeddings (B, D) they come from."""
        if self.checked:
            check_images(images.detach().float())
        embeddings = self.embedder(images)
        return self.head(embeddings), embeddings

    def __repr__(self) -> str:
        named = ", ".join(self.names[:_NAMED]) + (", …" if len(self.names) > _NAMED else "")
        return f"Victim({called(self.embedder)}, {called(self.head)}, {len(self.names)} people: {visible(named)})"

    def freeze(self) -> Self:
        """Sets eval mode and takes gradients from all parameters; gradients still flow to pixels."""
        return self.eval().requires_grad_(False)


def device_of(network: nn.Module) -> torch.device:
    """Where a network lies; the CPU of one that keeps no numbers."""
    return next((kept.device for kept in chain(network.parameters(), network.buffers())), torch.device("cpu"))


def names_of(victim: nn.Module) -> list[str] | None:
    """The people's names as a victim has them; None of a classifier that has none, or another thing of that name."""
    names = getattr(victim, "names", None)
    return [str(name) for name in names] if isinstance(names, list | tuple) else None


def similarities(embeddings: Tensor, head: nn.Module | None) -> Tensor:
    """Cosine similarities (B, C) of embeddings (B, D) to the gallery that a head keeps.

    Raises:
        FacetrialError: it keeps none.
    """
    gallery = getattr(head, "gallery", None)
    if gallery is None or gallery.shape[-1] != embeddings.shape[-1]:
        raise FacetrialError(
            "embeddings are to be compared with a gallery, and the recogniser's head keeps none. Choose another "
            "attack/loss or defence, or give a Victim with an SVMHead that was fitted, or a GalleryHead."
        )
    return F.normalize(embeddings) @ gallery.to(embeddings.dtype).T


@contextmanager
def whole_float32() -> Iterator[None]:
    """Has a GPU compute in float32 with all its 24 bits: convolutions would go by 11 of them (Nvidia's TF32)."""
    convolutions, products = torch.backends.cudnn, torch.backends.cuda.matmul
    before = convolutions.allow_tf32, products.allow_tf32
    convolutions.allow_tf32 = products.allow_tf32 = False
    try:
        yield
    finally:
        convolutions.allow_tf32, products.allow_tf32 = before
