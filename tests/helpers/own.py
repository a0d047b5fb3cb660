"""Embedders as users might write them, right and wrong."""

import threading

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from facetrial.core.errors import FacetrialError


class Embedder(nn.Module):
    """Takes nothing from the config but what it wants; says nothing of itself; its embeddings have any norm."""

    def __init__(self, width: int = 4) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(3, width, 5, stride=4), nn.BatchNorm2d(width), nn.SiLU(), nn.AdaptiveAvgPool2d(4)
        )
        self.embed = nn.Linear(16 * width, 8)

    def forward(self, images: Tensor) -> Tensor:
        return self.embed(self.layers(2 * images - 1).flatten(1))


def unit_norm(size: int, alignment: str) -> nn.Module:
    """A function that makes one."""
    return UnitNormed().eval()


class UnitNormed(Embedder):
    def forward(self, images: Tensor) -> Tensor:
        return F.normalize(super().forward(images))


class OfOneSize(Embedder):
    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Linear(12 * 8 * 8, 8)

    def forward(self, images: Tensor) -> Tensor:
        return self.embed(F.avg_pool2d(images, 8).flatten(1).repeat(1, 4))


class Detached(Embedder):
    def forward(self, images: Tensor) -> Tensor:
        return super().forward(images).detach()


class Rounded(Embedder):
    def forward(self, images: Tensor) -> Tensor:
        return super().forward((images * 255).round() / 255)


class NotFinite(Embedder):
    def forward(self, images: Tensor) -> Tensor:
        return super().forward(images).log()


class AlwaysTheSame(Embedder):
    def forward(self, images: Tensor) -> Tensor:
        return images.mean((1, 2, 3))[:, None] * torch.ones(1, 8)


class MovedByOthers(Embedder):
    def forward(self, images: Tensor) -> Tensor:
        embeddings = super().forward(images)
        return embeddings - embeddings.mean(0) + 0.1 * embeddings


class Maps(Embedder):
    def forward(self, images: Tensor) -> Tensor:
        return self.layers(images)


class Pairs(Embedder):
    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        return super().forward(images), images


class Squeezed(Embedder):
    """Of one picture the number of pictures goes too."""

    def forward(self, images: Tensor) -> Tensor:
        return super().forward(images).squeeze()


class Empty(Embedder):
    def forward(self, images: Tensor) -> Tensor:
        return super().forward(images)[:, :0]


class Complex(Embedder):
    def forward(self, images: Tensor) -> Tensor:
        return torch.fft.fft(super().forward(images))


class WithoutDerivative(Embedder):
    def forward(self, images: Tensor) -> Tensor:
        return _Same.apply(super().forward(images))


class _Same(torch.autograd.Function):
    @staticmethod
    def forward(ctx, embeddings: Tensor) -> Tensor:
        return embeddings.clone()


class StaysInTrainMode(Embedder):
    def train(self, mode: bool = True) -> nn.Module:
        super().train(mode)
        self.layers[1].training = True
        return self


class InDoubles(Embedder):
    def __init__(self) -> None:
        super().__init__()
        self.double()


class WithoutConstructor(nn.Module):
    """Has no `__init__` of its own."""

    def forward(self, images: Tensor) -> Tensor:
        return F.avg_pool2d(images, 16).flatten(1)


class Locked(Embedder):
    """Cannot be copied."""

    def __init__(self) -> None:
        super().__init__()
        self.lock = threading.Lock()


class Unlicensed(Embedder):
    def __init__(self) -> None:
        raise SystemExit("no licence")


NUMBER = 3


class OneAtATime(Embedder):
    def forward(self, images: Tensor) -> Tensor:
        return self.embed(self.layers(images).reshape(1, -1))


class SaysAnotherDimension(Embedder):
    dimension = 128


class Breaks(Embedder):
    def __init__(self) -> None:
        raise KeyError("layer1.weight")


class Explains(Embedder):
    def __init__(self) -> None:
        raise FacetrialError("its file is missing; get it.")


def no_network() -> str:
    return "a path"


class FromFile(Embedder):
    """Reads numbers that no config knows of."""

    numbers = 1.0

    def __init__(self) -> None:
        super().__init__()
        with torch.no_grad():
            self.embed.bias.fill_(self.numbers)
