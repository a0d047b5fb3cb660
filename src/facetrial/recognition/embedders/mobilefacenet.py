"""MobileFaceNet (Chen et al., "MobileFaceNets", CCBR 2018), as InsightFace published it under the name y1."""

from typing import Annotated

import torch.nn.functional as F
from torch import Tensor, nn

from facetrial.core.checked_settings import checked
from facetrial.core.settings import FileOrName, Unit, whole
from facetrial.recognition.embedders.published.fetching import file_of
from facetrial.recognition.embedders.weights import load_weights
from facetrial.recognition.faster_layers import PReLU
from facetrial.runtime.schemas import AlignmentName

_EPS = 1e-3


class _Conv(nn.Module):
    """Convolution without bias, batch-norm, and PReLU unless linear."""

    def __init__(
        self,
        channels: int,
        out: int,
        kernel: int,
        stride: int = 1,
        padding: int = 0,
        depthwise: bool = False,
        linear: bool = False,
    ) -> None:
        super().__init__()
        groups = channels if depthwise else 1
        self.conv = nn.Conv2d(channels, out, kernel, stride, padding, groups=groups, bias=False)
        self.bn = nn.BatchNorm2d(out, eps=_EPS)
        self.act = nn.Identity() if linear else PReLU(out)

    def forward(self, features: Tensor) -> Tensor:
        return self.act(self.bn(self.conv(features)))


class _Bottleneck(nn.Module):
    def __init__(self, channels: int, hidden: int, out: int, stride: int) -> None:
        super().__init__()
        self.expand = _Conv(channels, hidden, 1)
        self.depthwise = _Conv(hidden, hidden, 3, stride, 1, depthwise=True)
        self.project = _Conv(hidden, out, 1, linear=True)
        self.residual = stride == 1

    def forward(self, features: Tensor) -> Tensor:
        result = self.project(self.depthwise(self.expand(features)))
        return features + result if self.residual else result


class _Stage(nn.Module):
    def __init__(self, channels: int, hidden: int, out: int, blocks: int, blocks_hidden: int) -> None:
        super().__init__()
        self.down = _Bottleneck(channels, hidden, out, stride=2)
        self.blocks = nn.Sequential(*(_Bottleneck(out, blocks_hidden, out, stride=1) for _ in range(blocks)))

    def forward(self, features: Tensor) -> Tensor:
        return self.blocks(self.down(features))


class MobileFaceNet(nn.Module):
    """Faces aligned on five points, 112x112, to unit-norm embeddings (B, 128).

    Args:
        weights: a `.safetensors` or `.pt` file, or "y1" where it was put; None starts from chance.
        size: side of the input; 112.
        alignment: how faces are cut for it; "five_points".

    Raises:
        FacetrialError: weights that cannot be used.
    """

    dimension = 128
    last_blocks: tuple[str, ...] = ("stages.2", "head_")

    @checked("embedder")
    def __init__(
        self,
        weights: FileOrName | None = None,
        size: Annotated[int, whole(112, 112), Unit("pixels")] = 112,
        alignment: AlignmentName = "five_points",
    ) -> None:
        super().__init__()
        self.size = size
        self.alignment = alignment
        self.stem = _Conv(3, 64, 3, 2, 1)
        self.stem_depthwise = _Conv(64, 64, 3, 1, 1, depthwise=True)
        self.stages = nn.Sequential(
            _Stage(64, 128, 64, 4, 128), _Stage(64, 256, 128, 6, 256), _Stage(128, 512, 128, 2, 256)
        )
        self.head_expand = _Conv(128, 512, 1)
        self.head_pool = _Conv(512, 512, 7, depthwise=True, linear=True)
        self.head_fc = nn.Linear(512, 128)
        self.head_bn = nn.BatchNorm1d(128, eps=2e-5)
        if weights is None:
            self.last_blocks = ("",)  # from chance there is nothing to keep
        else:
            load_weights(self, file_of(weights, "mobilefacenet"))

    def forward(self, images: Tensor) -> Tensor:
        """Unit-norm embeddings (B, 128) from images (B, 3, 112, 112) in [0, 1]."""
        features = self.stem_depthwise(self.stem((255.0 * images - 127.5) / 128.0))
        features = self.head_pool(self.head_expand(self.stages(features)))
        return F.normalize(self.head_bn(self.head_fc(features.flatten(1))))
