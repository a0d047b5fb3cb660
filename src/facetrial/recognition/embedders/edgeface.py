"""EdgeFace-XS (George et al., "EdgeFace: Efficient Face Recognition Model for Edge Devices", T-BIOM 2024)."""

from typing import Annotated

import torch.nn.functional as F
from torch import Tensor, nn

from facetrial.core.checked_settings import checked
from facetrial.core.errors import FacetrialError
from facetrial.core.settings import ExistingFile, Unit, whole
from facetrial.recognition.embedders.weights import load_weights
from facetrial.runtime.schemas import AlignmentName


class EdgeFace(nn.Module):
    """Faces aligned on five points, 112x112, to unit-norm embeddings (B, 512), by timm's EdgeNeXt.

    Args:
        weights: a `.safetensors` or `.pt` file with timm's names, its linear layers whole (Idiap publishes some as two
            factors); None starts from chance.
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
        weights: ExistingFile | None = None,
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
            load_weights(self.network, weights)

    def forward(self, images: Tensor) -> Tensor:
        """Unit-norm embeddings (B, 512) from images (B, 3, 112, 112) in [0, 1]."""
        return F.normalize(self.network((images - 0.5) / 0.5))
