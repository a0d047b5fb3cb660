"""Attacks on verification: is this the person of the other picture? Each pair's verdict is to be turned.

The victim's scores have a column for each pair: by how much the picture's similarity to the other one of that pair is
above the pair's threshold. Of a picture, only its own pair's column counts.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar, Self

import torch
from torch import Tensor

from facetrial.attacks.goals import Criterion, Goal
from facetrial.core.errors import FacetrialError
from facetrial.core.randomness import Draws
from facetrial.recognition.gallery_head import GalleryHead

_SAME, _OTHER = 0, 1


class PairHead(GalleryHead):
    """From embeddings to scores of C pairs: 0 and above is the verdict that both pictures show one person.

    Args:
        others: (C, D), the embedding of each pair's other picture.
        thresholds: (C,), cosine similarities.
    """

    thresholds: Tensor

    def __init__(self, others: Tensor, thresholds: Tensor) -> None:
        super().__init__(others)
        self.register_buffer("thresholds", thresholds.detach().clone().to(others.dtype))

    def forward(self, embeddings: Tensor) -> Tensor:
        """Scores (B, C) from embeddings (B, D)."""
        return super().forward(embeddings) - self.thresholds.to(embeddings.dtype)


@dataclass
class PairCriterion(Criterion):
    """That B verdicts turn. `identities` are the numbers of the pairs, columns of the scores.

    Attributes:
        same: (B,) bool, whether both pictures of the pair show one person.
    """

    has_others: ClassVar[bool] = False

    same: Tensor = field(kw_only=True)

    def select(self, rows: Tensor) -> Self:
        return replace(super().select(rows), same=self.same[rows])

    def joined(self, others: Self) -> Self:
        return replace(super().joined(others), same=torch.cat([self.same, others.same]))

    def is_adversarial(self, scores: Tensor) -> Tensor:
        own = self._own(scores)
        return ((own >= 0) != self.same) & own.isfinite()

    def adversarial_margin(self, scores: Tensor) -> Tensor:
        own = self._own(scores)
        return torch.where(self.same, -own, own)

    def others(self, scores: Tensor) -> Tensor:
        raise FacetrialError(
            "a pair has no other people to be taken for, as this attack goes through them; choose one that does not, "
            "such as attack=auto or attack=pgd."
        )

    def reduced(self, scores: Tensor) -> tuple[Tensor, Criterion]:
        """Scores of two classes, one person and two people; not to be taken for the right one."""
        own = self._own(scores)
        right = torch.where(self.same, _SAME, _OTHER)
        return torch.stack([own, -own], dim=1), Criterion(right)

    def _own(self, scores: Tensor) -> Tensor:
        return scores.gather(1, self.identities[:, None])[:, 0]


class TurnVerdicts(Goal):
    """A pair of one person is to be refused, and a pair of two people accepted.

    Args:
        same: (C,) bool, whether each pair shows one person.
    """

    name = "dodging"
    needs_scores = False

    def __init__(self, same: Tensor) -> None:
        self.same = same

    def criterion(
        self, scores: Tensor | None, identities: Tensor, names: Sequence[str], draws: Draws
    ) -> PairCriterion:
        return PairCriterion(identities, same=self.same.to(identities.device)[identities])
