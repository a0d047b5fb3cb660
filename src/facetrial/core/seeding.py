"""Training that was cut short and goes on draws what it would have drawn at one go."""

from collections.abc import Iterator
from typing import Any

import torch
from lightning import Callback, LightningModule, Trainer
from torch import Tensor
from torch.utils.data import Sampler


class ShuffledEpochs(Sampler[int]):
    """Each epoch's order of N pictures, from (seed, epoch). Lightning calls `set_epoch`.

    Args:
        count: N.
        seed: of the order; None is the one that torch was last seeded with.
        weights: (N,), how often each picture is drawn, with replacement; None draws each once.
    """

    def __init__(self, count: int, seed: int | None = None, weights: Tensor | None = None) -> None:
        self.count = count
        self.weights = weights
        self.seed = torch.initial_seed() if seed is None else seed
        self.epoch = 0

    def __len__(self) -> int:
        return self.count

    def __iter__(self) -> Iterator[int]:
        generator = torch.Generator().manual_seed(_mixed(self.seed, self.epoch))
        if self.weights is None:
            order = torch.randperm(self.count, generator=generator)
        else:
            order = torch.multinomial(self.weights, self.count, replacement=True, generator=generator)
        yield from order.tolist()

    def set_epoch(self, epoch: int) -> None:
        self.epoch = epoch


class SeedSteps(Callback):
    """Seeds torch before each training batch from (seed, step, process): augmentation and dropout hang on no more.

    Args:
        seed: of the training.
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def on_train_batch_start(
        self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int
    ) -> None:
        torch.manual_seed(_mixed(self.seed, trainer.global_step, trainer.global_rank))


def _mixed(*numbers: int) -> int:
    """One seed from several numbers, different for different ones."""
    mixed = 0
    for number in numbers:
        mixed = (mixed * 6_364_136_223_846_793_005 + number + 1_442_695_040_888_963_407) % 2**63
    return mixed
