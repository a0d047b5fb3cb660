"""A small embedder for drawn faces, trained from chance in under a minute on two cores."""

import torch.nn.functional as F
from torch import Tensor, nn

from facetrial.core.settings import Count
from facetrial.runtime.schemas import AlignmentName, Side


class SmallEmbedder(nn.Module):
    """Faces to unit-norm embeddings (B, D).

    Args:
        size: side of the input.
        dimension: D.
        channels: of the first block; doubled twice.
        alignment: how faces are cut for it.
    """

    last_blocks: tuple[str, ...] = ("",)

    def __init__(
        self,
        size: Side = 112,
        dimension: Count = 64,
        channels: Count = 24,
        alignment: AlignmentName = "five_points",
    ) -> None:
        super().__init__()
        self.size = size
        self.alignment = alignment
        self.dimension = dimension
        self.features = nn.Sequential(
            _block(3, channels, kernel=5, stride=4),
            _block(channels, 2 * channels, kernel=3, stride=2),
            _block(2 * channels, 4 * channels, kernel=3, stride=2),
            _block(4 * channels, 4 * channels, kernel=3, stride=1),
            nn.AdaptiveAvgPool2d(3),
            nn.Flatten(),
        )
        self.embed = nn.Linear(9 * 4 * channels, dimension)

    def forward(self, images: Tensor) -> Tensor:
        """Unit-norm embeddings (B, D) from images (B, 3, H, W) in [0, 1]."""
        return F.normalize(self.embed(self.features(2.0 * images - 1.0)))


def _block(channels: int, out: int, kernel: int, stride: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(channels, out, kernel, stride, padding=kernel // 2, bias=False),
        nn.BatchNorm2d(out),
        nn.ReLU(),
    )
