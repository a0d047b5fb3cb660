"""Randomised smoothing: the recogniser's vote over noisy copies of a picture."""

from functools import lru_cache
from typing import Annotated, Self

import torch
from scipy.stats import binomtest
from torch import Tensor, nn

from facetrial.core.checked_settings import checked
from facetrial.core.errors import FacetrialError
from facetrial.core.settings import Count, InsideShare, Positive, Seed, Unit
from facetrial.defenses.base import Defense
from facetrial.defenses.pixel_draws import picture_draws
from facetrial.defenses.transform import SeesChanged
from facetrial.faces.batch import FaceDataset, pictures_a_batch

_BLOCK = 8  # noisy copies of a picture that are drawn together


class Smoothing(Defense):
    """Randomised smoothing (Cohen et al., "Certified adversarial robustness via randomized smoothing", ICML 2019).

    Args:
        sigma: standard deviation of the Gaussian noise, in units of [0, 1]. Noise is not clipped.
        n: noisy copies that vote on a picture.
        alpha: chance that the winner of the vote is not the likeliest under noise, above which nobody is named.
        samples: noisy copies that an attacker averages over at each step, who knows of the defence.
        batch: noisy copies a pass; None takes as many as the device does well with.
        seed: of the noise, which depends on it and the picture's own pixels alone.

    Raises:
        FacetrialError: a setting outside its range.
    """

    outermost = True
    smooths = True

    @checked("defense.smoothing")
    def __init__(
        self,
        sigma: Annotated[Positive, Unit("in units of [0, 1]")],
        n: Annotated[Count, Unit("noisy copies")],
        alpha: InsideShare,
        samples: Annotated[Count, Unit("noisy copies")],
        batch: Annotated[Count, Unit("noisy copies a pass")] | None,
        seed: Seed,
    ) -> None:
        self.sigma = sigma
        self.n = int(n)
        self.alpha = alpha
        self.samples = int(samples)
        self.batch = None if batch is None else int(batch)
        self.seed = seed

    def wrap_victim(self, victim: nn.Module, faces: FaceDataset | None = None) -> nn.Module:
        return Smoothed(victim, self)


class Smoothed(SeesChanged):
    """A victim whose scores (B, C) are shares of the votes of noisy copies.

    Known, they are the mean scores of a few copies, none of them those of the verdict: a vote has no slope, the mean
    has that of the expectation over the noise (Salman et al., "Provably robust deep learning via adversarially
    trained smoothed classifiers", NeurIPS 2019, take the mean of probabilities, which an SVM does not give).
    Confirming, they are votes of as many copies as a verdict's, but others.

    Args:
        victim: what is defended.
        defense: its settings.
    """

    draws_at_random = True

    def __init__(self, victim: nn.Module, defense: Smoothing) -> None:
        super().__init__(victim)
        self.defense = defense
        self.soft = False
        self.stream = "prediction"

    def adaptive_view(self) -> Self:
        made = self.with_base(self.victim)
        made.soft = True
        made.forward_passes = self.defense.samples
        return made

    def confirming(self) -> Self:
        made = self.with_base(self.victim)
        made.stream = "confirmation"
        made.forward_passes = self.defense.n
        return made

    def scores(self, images: Tensor) -> Tensor:
        if self.soft:
            return super().scores(images)
        votes = self.votes(images, self.defense.n, self.stream).float()
        return votes / self.defense.n

    def with_embeddings(self, images: Tensor) -> tuple[Tensor, Tensor]:
        if not self.soft:
            raise FacetrialError("votes of noisy copies have no embeddings; ask `adaptive_view(victim)`.")
        return super().with_embeddings(images)

    def abstains(self, scores: Tensor) -> Tensor:
        if self.soft:
            return super().abstains(scores)
        highest = scores.mul(self.defense.n).round().long().topk(2, dim=1).values.tolist()
        undecided = [_chance(first, second) > self.defense.alpha for first, second in highest]
        return torch.tensor(undecided, dtype=torch.bool, device=scores.device)

    @torch.no_grad()
    def votes(self, images: Tensor, count: int, stream: str) -> Tensor:
        """How many of `count` noisy copies of images (B, 3, H, W) are taken for each identity, int64 (B, C).

        A copy whose scores are not finite is taken for nobody.

        Args:
            images: in [0, 1].
            count: copies of each.
            stream: names the use, so that uses do not share noise.
        """
        blocks_a_pass = max(1, (self.defense.batch or pictures_a_batch(images.device)) // _BLOCK)
        parts = images.split(blocks_a_pass)
        return torch.cat([self._votes(part, count, stream, blocks_a_pass // len(part)) for part in parts])

    def _votes(self, images: Tensor, count: int, stream: str, blocks_a_pass: int) -> Tensor:
        votes = torch.zeros(len(images), 0, dtype=torch.int64, device=images.device)
        for first in range(0, count, _BLOCK * blocks_a_pass):
            most = min(_BLOCK * blocks_a_pass, count - first)
            blocks = range(first // _BLOCK, -(-(first + most) // _BLOCK))
            copies = torch.cat([self._copies(images, block, stream) for block in blocks])[:most]
            scores = self.victim(copies.flatten(0, 1))
            if not votes.shape[1]:
                votes = votes.new_zeros(len(images), scores.shape[1])
            winners, answered = (
                told.unflatten(0, (-1, len(images))).T
                for told in (scores.argmax(1), scores.isfinite().all(1).long())
            )
            votes.scatter_add_(1, winners, answered)  # who gives no answer has no vote
        return votes

    def shown(self, images: Tensor) -> Tensor:
        """The attacker's noisy copies, (samples x B, 3, H, W), copy after copy."""
        blocks = range(-(-self.defense.samples // _BLOCK))
        copies = torch.cat([self._copies(images, block, "attacker") for block in blocks])
        return copies[: self.defense.samples].flatten(0, 1)

    def _copies(self, images: Tensor, block: int, stream: str) -> Tensor:
        """Noisy copies (_BLOCK, B, 3, H, W)."""
        draws = picture_draws(images, self.defense.seed, block)
        noise = draws.normal((_BLOCK, *images.shape[1:]), f"smoothing {stream}").transpose(0, 1)
        return images + self.defense.sigma * noise


@lru_cache(maxsize=65536)
def _chance(first: int, second: int) -> float:
    """The two-sided p-value of `first` votes against `second` if both were as likely."""
    return binomtest(first, first + second, 0.5).pvalue if first + second else 1.0
