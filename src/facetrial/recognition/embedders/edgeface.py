"""EdgeFace-XS (George et al., "EdgeFace: Efficient Face Recognition Model for Edge Devices", T-BIOM 2024)."""

from typing import Annotated

import torch.nn.functional as F
from torch import Tensor, nn

from facetrial.core.checked_settings import checked
from facetrial.core.errors import FacetrialError
from facetrial.core.settings import FileOrName, Unit, whole
from facetrial.recognition.embedders.published.fetching import file_of
from facetrial.recognition.embedders.weights import fill, read_weights
from facetrial.runtime.schemas import AlignmentName


class EdgeFace(nn.Module):
    """Faces aligned on five points, 112x112, to unit-norm embeddings (B, 512), by timm's EdgeNeXt.

    Args:
        weights: "edgeface_xs_gamma_06", which is fetched, or a `.safetensors` or `.pt` file: with timm's names, or as
            Idiap publishes them, its linear layers as two factors, which are multiplied out. None starts from chance.
        size: side of the input; 112.
        alignment: how faces are cut for it; "five_points".

    Raises:
        FacetrialError: timm is not installed, or weights cannot be used.
    """

    dimension = 512
    last_blocks: tuple[str, ...] = ("network.stages.3", "network.head")

    @checked("embedder")
    def __init__(
        self,
        weights: FileOrName | None = None,
        size: Annotated[int, whole(112, 112), Unit("pixels")] = 112,
        alignment: AlignmentName = "five_points",
    ) -> None:
        try:
            import timm
        except ImportError as error:
            raise FacetrialError(
                "EdgeFace is built of timm's layers, which is not installed: pip install timm."
            ) from error
        super().__init__()
        self.size = size
        self.alignment = alignment
        self.network = timm.create_model("edgenext_x_small", num_classes=self.dimension)
        if weights is None:
            self.last_blocks = ("",)  # from chance there is nothing to keep
        else:
            path = file_of(weights, "edgeface")
            fill(self.network, _of_timm(read_weights(path)), path)

    def forward(self, images: Tensor) -> Tensor:
        """Unit-norm embeddings (B, 512) from images (B, 3, 112, 112) in [0, 1]."""
        return F.normalize(self.network((images - 0.5) / 0.5))


def _of_timm(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Tensors under timm's names, of Idiap's: all below "model.", and layers y = B (A x) + b, which are (B A) x + b."""
    whole = {}
    for name, tensor in tensors.items():
        layer, _, what = name.removeprefix("model.").rpartition(".")
        if layer.endswith(".linear2"):
            first = tensors.get(f"{name.removesuffix(f'linear2.{what}')}linear1.weight")
            if what == "weight" and first is not None:
                tensor = tensor @ first
        if not layer.endswith(".linear1"):
            whole[f"{layer.removesuffix('.linear2')}.{what}"] = tensor
    return whole
