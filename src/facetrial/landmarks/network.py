"""The landmark networks: one of heatmaps, and the study's plain one of convolution, dropout, fully connected."""

from collections.abc import Sequence
from typing import Annotated

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from facetrial.core.errors import FacetrialError
from facetrial.core.settings import Count, ShareBelowOne, whole
from facetrial.faces.frames import FRAME_SIZE, MEAN_SHAPE
from facetrial.faces.landmark_names import NUM_LANDMARKS

_USUAL_SPREAD = 12.0  # pixels by which a landmark may lie off its mean place, before a picture is looked at
_BEYOND = 1.15  # how far heatmaps reach, in sides of the frame: chins and brows lie outside some


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


def _in_the_same_light(images: Tensor) -> Tensor:
    """Frames with zero mean and unit deviation each.

    Raises:
        FacetrialError: they are not (B, 1, 96, 96).
    """
    if images.ndim != 4 or images.shape[1:] != (1, FRAME_SIZE, FRAME_SIZE):
        raise FacetrialError(f"expected images of shape (B, 1, 96, 96), found {tuple(images.shape)}.")
    spread, mean = torch.std_mean(images, dim=(1, 2, 3), keepdim=True)
    return (images - mean) / (spread + 0.02)


class LandmarkNetwork(nn.Module):
    """Finds the 15 landmarks in Kaggle's frame, each as the centre of mass of a heatmap.

    Convolutions go down to 6 pixels a side; a fully connected layer sees the whole face there; on the way up to 24
    pixels their features are added again (Lin et al., "Feature pyramid networks", CVPR 2017). The softmax of a map is
    where its landmark may be, and the mean over it the landmark (Sun et al., "Integral human pose regression", 2018).

    Args:
        widths: channels at 48, 24, 12 and 6 pixels.
        blocks: residual blocks at each of these sizes.
        width: channels on the way up.
        hidden: width of the fully connected layer.
        dropout: before each fully connected layer, and of whole channels before the maps.
    """

    def __init__(
        self,
        widths: Sequence[Count] = (32, 64, 128, 192),
        blocks: Sequence[Annotated[int, whole(0)]] = (0, 1, 1, 1),
        width: Count = 64,
        hidden: Count = 256,
        dropout: ShareBelowOne = 0.3,
    ) -> None:
        super().__init__()
        self.down = nn.ModuleList()
        inputs, kernel = 1, 5
        for channels, count in zip(widths, blocks, strict=True):
            layers = [_convolution(inputs, channels, kernel, stride=2), nn.ReLU()]
            self.down.append(nn.Sequential(*layers, *(Residual(channels) for _ in range(count))))
            inputs, kernel = channels, 3
        side = FRAME_SIZE // 2 ** len(widths)
        self.whole_face = nn.Sequential(
            nn.Flatten(), nn.Dropout(dropout), nn.Linear(inputs * side * side, hidden), nn.ReLU(),
            nn.Dropout(dropout), nn.Linear(hidden, width),
        )  # fmt: skip
        self.across = nn.ModuleList(nn.Conv2d(channels, width, 1) for channels in list(widths)[:0:-1])
        self.up = nn.ModuleList(
            nn.Sequential(_convolution(width, width, 3), nn.ReLU()) for _ in self.across[1:]
        )
        last = nn.Conv2d(width, NUM_LANDMARKS, 1, bias=False)
        nn.init.normal_(last.weight, std=0.01)
        self.maps = nn.Sequential(nn.Dropout2d(dropout), last)
        self.usual = nn.Parameter(_about_the_mean_shape(side * 2 ** len(self.up)))

    def forward(self, images: Tensor) -> Tensor:
        """Landmarks (B, 15, 2) in pixels of the frame, from grey images (B, 1, 96, 96) in [0, 1]."""
        features, levels = _in_the_same_light(images), []
        for layer in self.down:
            features = layer(features)
            levels.append(features)
        top, *finer = levels[:0:-1]
        merged = self.across[0](top) + self.whole_face(top)[:, :, None, None]
        for across, up, level in zip(self.across[1:], self.up, finer, strict=True):
            merged = F.interpolate(merged, scale_factor=2, mode="bilinear", align_corners=False)
            merged = up(merged + across(level))
        return _centres(self.maps(merged).float() + self.usual)


def _places(side: int, device: torch.device | None = None) -> Tensor:
    """Where in the frame the rows and columns of a map of so many cells lie, in pixels."""
    cell = _BEYOND * FRAME_SIZE / side
    return (FRAME_SIZE - 1) / 2 + cell * (torch.arange(side, device=device) + 0.5 - side / 2)


def _centres(maps: Tensor) -> Tensor:
    """The mean place (B, K, 2), in pixels of the frame, over the softmax of each of K maps (B, K, S, S)."""
    side = maps.shape[-1]
    chances = maps.flatten(2).softmax(2).unflatten(2, (side, side))
    places = _places(side, maps.device)
    return torch.stack([(chances.sum(2) * places).sum(2), (chances.sum(3) * places).sum(2)], dim=2)


def _about_the_mean_shape(side: int) -> Tensor:
    """Maps (15, S, S) that a network starts from which knows nothing yet: normal about the mean shape."""
    away = [
        (_places(side) - coordinate[:, None]) / _USUAL_SPREAD for coordinate in torch.tensor(MEAN_SHAPE).T
    ]
    return -(away[1].square()[:, :, None] + away[0].square()[:, None, :]) / 2


class StudyNetwork(nn.Module):
    """The study's network: convolution, dropout, fully connected.

    Args:
        widths: channels of the convolutions, after each of which the picture is halved.
        hidden: width of the fully connected layer.
        dropout: after each convolution half of it, and before each fully connected layer.
    """

    mean_shape: Tensor

    def __init__(
        self,
        widths: Sequence[Count] = (32, 64, 128),
        hidden: Count = 500,
        dropout: ShareBelowOne = 0.3,
    ) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        inputs, side = 1, FRAME_SIZE
        for channels in widths:
            layers += [nn.Conv2d(inputs, channels, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Dropout(dropout / 2)]
            inputs, side = channels, (side - 2) // 2
        last = nn.Linear(hidden, NUM_LANDMARKS * 2)
        self.layers = nn.Sequential(
            *layers, nn.Flatten(), nn.Dropout(dropout), nn.Linear(inputs * side * side, hidden), nn.ReLU(),
            nn.Dropout(dropout), last,
        )  # fmt: skip
        nn.init.normal_(last.weight, std=0.01)
        nn.init.zeros_(last.bias)
        self.register_buffer("mean_shape", torch.tensor(MEAN_SHAPE), persistent=False)

    def forward(self, images: Tensor) -> Tensor:
        """Landmarks (B, 15, 2) in pixels of the frame, from grey images (B, 1, 96, 96) in [0, 1]."""
        offsets = self.layers(_in_the_same_light(images)).float().unflatten(1, (NUM_LANDMARKS, 2))
        return self.mean_shape + 10.0 * offsets
