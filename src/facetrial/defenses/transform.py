"""Defences that change the picture before the recogniser sees it."""

from abc import abstractmethod
from typing import Self

import torch
from torch import Tensor, nn

from facetrial.core.checked_settings import checked
from facetrial.core.randomness import Draws
from facetrial.core.settings import Count, Seed
from facetrial.defenses.base import Defense
from facetrial.defenses.pixel_draws import picture_draws
from facetrial.faces.batch import FaceDataset
from facetrial.recognition.layers import Defended, with_embeddings, with_similarities


class SeesChanged(Defended):
    """Base of victims that are shown changed pictures: one of each, or several over which answers are averaged."""

    @abstractmethod
    def shown(self, images: Tensor) -> Tensor:
        """What the defended victim is shown of images (B, 3, H, W): (passes x B, 3, H, W), pass after pass."""

    def scores(self, images: Tensor) -> Tensor:
        return _mean(self.victim(self.shown(images)), len(images))

    def with_embeddings(self, images: Tensor) -> tuple[Tensor, Tensor]:
        scores, embeddings = with_embeddings(self.victim, self.shown(images))
        return _mean(scores, len(images)), _mean(embeddings, len(images))

    def with_similarities(self, images: Tensor) -> tuple[Tensor, Tensor]:
        scores, similarities = with_similarities(self.victim, self.shown(images))
        return _mean(scores, len(images)), _mean(similarities, len(images))


def _mean(values: Tensor, pictures: int) -> Tensor:
    """The mean (B, ...) over passes of values (passes x B, ...)."""
    return values if len(values) == pictures else values.unflatten(0, (-1, pictures)).mean(0)


class InputTransform(Defense):
    """Base of transforms that are the same for the same picture.

    Attributes:
        has_slope: whether gradients pass through `transform`; else an attacker takes those of `stand_in`.
    """

    has_slope = True

    @abstractmethod
    def transform(self, images: Tensor) -> Tensor:
        """The pictures (B, 3, H, W) in [0, 1] that the recogniser sees of `images`."""

    def stand_in(self, images: Tensor) -> Tensor:
        """A function near to `transform` that has a slope: what came in, unless a defence has a nearer one."""
        return images

    def straight_through(self, images: Tensor) -> Tensor:
        """What `transform` gives, with the slope of `stand_in` where it has none."""
        if self.has_slope:
            return self.transform(images)
        stand_in = self.stand_in(images)
        with torch.no_grad():
            away = self.transform(images) - stand_in
        return stand_in + away

    def wrap_victim(self, victim: nn.Module, faces: FaceDataset | None = None) -> nn.Module:
        return Transformed(victim, self)


class Transformed(SeesChanged):
    """A victim that sees transformed pictures.

    Known, it passes gradients straight through what has none (BPDA; Athalye et al., "Obfuscated gradients give a
    false sense of security", ICML 2018).

    Args:
        victim: what is defended.
        defense: the transform.
    """

    def __init__(self, victim: nn.Module, defense: InputTransform) -> None:
        super().__init__(victim)
        self.defense = defense
        self.straight = False

    def adaptive_view(self) -> Self:
        made = self.with_base(self.victim)
        made.straight = True
        return made

    def shown(self, images: Tensor) -> Tensor:
        return self.defense.straight_through(images) if self.straight else self.defense.transform(images)


class RandomTransform(Defense):
    """Base of transforms that draw. What is drawn depends on the seed and the picture's own pixels alone.

    Args:
        seed: of the draws.
        samples: draws that an attacker averages over at each step, who knows of the defence.
    """

    @checked("defense")
    def __init__(self, seed: Seed, samples: Count) -> None:
        self.seed = seed
        self.samples = samples

    @abstractmethod
    def transform(self, images: Tensor, draws: Draws) -> Tensor:
        """The pictures (B, 3, H, W) that the recogniser sees of `images`; gradients pass."""

    def wrap_victim(self, victim: nn.Module, faces: FaceDataset | None = None) -> nn.Module:
        return RandomlyTransformed(victim, self)


class RandomlyTransformed(SeesChanged):
    """A victim that sees pictures transformed at random.

    Known, it gives the mean over several draws (expectation over transformation, Athalye et al., ICML 2018), none of
    which is that of the verdict; confirming, over as many others.

    Args:
        victim: what is defended.
        defense: the transform.
    """

    draws_at_random = True

    def __init__(self, victim: nn.Module, defense: RandomTransform) -> None:
        super().__init__(victim)
        self.defense = defense
        self.numbers = [0]

    def adaptive_view(self) -> Self:
        made = self.with_base(self.victim)
        made.numbers = list(range(1, self.defense.samples + 1))
        made.forward_passes = self.defense.samples
        return made

    def confirming(self) -> Self:
        made = self.adaptive_view()
        made.numbers = [number + self.defense.samples for number in made.numbers]
        return made

    def shown(self, images: Tensor) -> Tensor:
        drawn = [picture_draws(images, self.defense.seed, number) for number in self.numbers]
        return torch.cat([self.defense.transform(images, draws) for draws in drawn])
