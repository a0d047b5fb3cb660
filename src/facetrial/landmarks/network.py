"""The landmark network: convolution, dropout, fully connected, as in the study, with today's blocks between."""

from collections.abc import Sequence
from typing import Annotated

import torch
from torch import Tensor, nn

from facetrial.core.errors import FacetrialError
from facetrial.core.settings import Count, ShareBelowOne, whole
from facetrial.faces.frames import FRAME_SIZE, MEAN_SHAPE
from facetrial.faces.landmark_names import NUM_LANDMARKS


def _convolution(inputs: int, outputs: int, kernel: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False), nn.BatchNorm2d(outputs)
    )


class Residual(nn.Module):
    """Two convolutions and a shortcut (He et al., "Deep residual learning", 2016)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = _convolution(width, width, 3)
        self.second = _convolution(width, width, 3)

    def forward(self, features: Tensor) -> Tensor:
        return torch.relu(features + self.second(torch.relu(self.first(features))))


class LandmarkNetwork(nn.Module):
    """Finds the 15 landmarks in Kaggle's frame.

    Args:
        widths: channels at 48, 24, 12 and 6 pixels.
        blocks: residual blocks at each of these sizes.
        hidden: width of the fully connected layer.
        dropout: before each fully connected layer.
    """

    def __init__(
        self,
        widths: Sequence[Count] = (32, 64, 128, 192),
        blocks: Sequence[Annotated[int, whole(0)]] = (0, 1, 1, 1),
        hidden: Count = 384,
        dropout: ShareBelowOne = 0.3,
    ) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        inputs, kernel = 1, 5
        for width, count in zip(widths, blocks, strict=True):
            layers += [_convolution(inputs, width, kernel, stride=2), nn.ReLU()]
            layers += [Residual(width) for _ in range(count)]
            inputs, kernel = width, 3
        self.convolutions = nn.Sequential(*layers)
        side = FRAME_SIZE // 2 ** len(widths)
        first, last = nn.Linear(widths[-1] * side * side, hidden), nn.Linear(hidden, NUM_LANDMARKS * 2)
        self.fully_connected = nn.Sequential(
            nn.Flatten(), nn.Dropout(dropout), first, nn.ReLU(), nn.Dropout(dropout), last
        )
        nn.init.normal_(last.weight, std=0.01)
        nn.init.zeros_(last.bias)
        self.register_buffer("mean_shape", torch.tensor(MEAN_SHAPE), persistent=False)

    def forward(self, images: Tensor) -> Tensor:
        """Landmarks (B, 15, 2) in pixels of the frame, from grey images (B, 1, 96, 96) in [0, 1]."""
        if images.ndim != 4 or images.shape[1:] != (1, FRAME_SIZE, FRAME_SIZE):
            raise FacetrialError(f"expected images of shape (B, 1, 96, 96), found {tuple(images.shape)}.")
        spread, mean = torch.std_mean(images, dim=(1, 2, 3), keepdim=True)
        features = self.convolutions((images - mean) / (spread + 0.02))
        offsets = self.fully_connected(features).float().unflatten(1, (NUM_LANDMARKS, 2))
        return self.mean_shape + 10.0 * offsets
