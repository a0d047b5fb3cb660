"""FaceNet's Inception-ResNet V1 (Schroff et al., 2015; Szegedy et al., 2017), as facenet-pytorch publishes it."""

from typing import Annotated

import torch.nn.functional as F
from facenet_pytorch import InceptionResnetV1 as Network
from torch import Tensor, nn

from facetrial.core.checked_settings import checked
from facetrial.core.settings import FileOrName, whole
from facetrial.recognition.embedders.projection import Projection
from facetrial.recognition.embedders.published.fetching import file_of
from facetrial.recognition.embedders.weights import load_weights
from facetrial.runtime.schemas import AlignmentName, Side


class InceptionResnetV1(nn.Module):
    """Faces cut by MTCNN's box with a margin, 160x160, to unit-norm embeddings (B, D).

    Args:
        weights: "vggface2" or "casia-webface", which are fetched, a `.safetensors` or `.pt` file under
            facenet-pytorch's names, or None to start from chance.
        dimension: D; 512 as published, or fewer (the study has 128) through a linear projection that is started
            from the principal components of the training embeddings.
        size: side of the input; 160.
        alignment: how faces are cut for it; "facenet".

    Raises:
        FacetrialError: weights that cannot be used.
    """

    last_blocks: tuple[str, ...] = ("network.repeat_3", "network.block8", "network.last_", "projection")

    @checked("embedder")
    def __init__(
        self,
        weights: FileOrName | None = None,
        dimension: Annotated[int, whole(1, 512)] = 512,
        size: Side = 160,
        alignment: AlignmentName = "facenet",
    ) -> None:
        super().__init__()
        self.size = size
        self.alignment = alignment
        self.dimension = dimension
        self.network = Network(classify=False)
        if weights is None:
            self.last_blocks = ("",)  # from chance there is nothing to keep
        else:
            load_weights(self.network, file_of(weights, "inception_resnet_v1"), ignored=("logits.",))
        self.projection = Projection(512, dimension) if dimension < 512 else None

    def forward(self, images: Tensor) -> Tensor:
        """Unit-norm embeddings (B, D) from images (B, 3, 160, 160) in [0, 1]."""
        embeddings = self.unprojected(images)
        return embeddings if self.projection is None else F.normalize(self.projection(embeddings))

    def unprojected(self, images: Tensor) -> Tensor:
        """The published unit-norm embeddings (B, 512)."""
        return self.network((255.0 * images - 127.5) / 128.0)
