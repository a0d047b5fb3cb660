"""Goals: what an attack is after, picture by picture."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Self

import torch
from torch import Tensor

from facetrial.core.errors import FacetrialError
from facetrial.core.randomness import Draws

SHOWS_TARGET = -1  # in place of a target, for a picture of the target itself


@dataclass
class Criterion:
    """What is wanted of B pictures.

    Attributes:
        identities: int64 (B,), who is shown.
        targets: int64 (B,), for whom they are to be taken, or SHOWS_TARGET; None when anyone else will do.
        abstain_columns: how many columns of scores, the last ones, are no identity's but a victim's that abstains: then
            no goal is met.
        has_others: whether there are other people to be taken for.
    """

    has_others: ClassVar[bool] = True

    identities: Tensor
    targets: Tensor | None = None
    abstain_columns: int = 0

    def select(self, rows: Tensor) -> Self:
        targets = None if self.targets is None else self.targets[rows]
        return replace(self, identities=self.identities[rows], targets=targets)

    def joined(self, others: Self) -> Self:
        """These, then `others`, which have targets where these have."""
        own, more = self.targets, others.targets
        targets = None if own is None or more is None else torch.cat([own, more])
        return replace(self, identities=torch.cat([self.identities, others.identities]), targets=targets)

    def is_adversarial(self, scores: Tensor) -> Tensor:
        """(B,) bool: whether identity scores (B, C) give what is wanted. Scores that are not finite do not."""
        winners = scores.argmax(1)
        if self.targets is None:
            adversarial = (winners != self.identities) & (winners < scores.shape[1] - self.abstain_columns)
        else:
            adversarial = winners == self.targets
        return adversarial & scores.isfinite().all(1)

    def others(self, scores: Tensor) -> Tensor:
        """Scores (B, C) with minus infinity for the own identity and for abstentions."""
        others = scores.scatter(1, self.identities[:, None], -torch.inf)
        if self.abstain_columns:
            others = torch.cat(
                [others[:, : -self.abstain_columns], others[:, -self.abstain_columns :] - torch.inf], dim=1
            )
        return others

    def adversarial_margin(self, scores: Tensor) -> Tensor:
        """By how much the goal is met (> 0) or missed (< 0), (B,), in units of the scores (B, C).

        Dodging: best other score minus the own, or minus that of an abstention where it is higher. Impersonation: the
        target's score minus the best other or abstention.
        """
        if self.targets is None:
            return self.others(scores).amax(1) - self.unwanted(scores).amax(1)
        chosen = scores.gather(1, self.targets[:, None])[:, 0]
        return chosen - scores.scatter(1, self.targets[:, None], -torch.inf).amax(1)

    def reduced(self, scores: Tensor) -> "tuple[Tensor, Criterion]":
        """The scores (B, C) that matter, and what is wanted of them; here all of them."""
        return scores, self

    def unwanted(self, scores: Tensor) -> Tensor:
        """The scores (B, 1 + abstain columns) that dodging wants low: the own identity's, and those of abstentions."""
        own = scores.gather(1, self.identities[:, None])
        return torch.cat([own, scores[:, -self.abstain_columns :]], dim=1) if self.abstain_columns else own


class Goal(ABC):
    """What an attack is after."""

    name: str
    needs_scores: bool  # whether `criterion` looks at the victim's scores

    @abstractmethod
    def criterion(
        self, scores: Tensor | None, identities: Tensor, names: Sequence[str], draws: Draws
    ) -> Criterion:
        """What is wanted of each picture.

        Args:
            scores: (B, C) of the clean pictures; None where `needs_scores` is not set.
            identities: int64 (B,).
            names: the C people's names.
            draws: random numbers for these pictures.
        """

    def check(self, identities: Tensor, names: Sequence[str]) -> None:  # noqa: B027
        """Raises FacetrialError where no picture of a whole trial, of `identities` (N,), can be attacked."""


class Dodging(Goal):
    """Not to be recognised as oneself."""

    name = "dodging"
    needs_scores = False

    def criterion(
        self, scores: Tensor | None, identities: Tensor, names: Sequence[str], draws: Draws
    ) -> Criterion:
        return Criterion(identities)


class Impersonation(Goal):
    """To be recognised as a chosen other.

    Args:
        target: a person's name or number; "nearest", the other whose score on the clean picture is highest;
            "least_likely", the one whose score is lowest; "random", another one drawn for each picture by seed.

    Raises:
        FacetrialError: the target is unknown; on `check`, it is the person whom all pictures show.
    """

    name = "impersonation"
    needs_scores = True

    def __init__(self, target: str | int = "nearest") -> None:
        self.target = target

    def criterion(
        self, scores: Tensor | None, identities: Tensor, names: Sequence[str], draws: Draws
    ) -> Criterion:
        if scores is None or scores.shape[1] < 2:
            raise FacetrialError("goal=impersonation needs the scores of at least two people.")
        rule = _RULES.get(str(self.target))
        if rule is not None:
            return Criterion(identities, rule(scores, identities, draws))
        number = self._number(list(names))
        return Criterion(identities, torch.where(identities == number, SHOWS_TARGET, number))

    def check(self, identities: Tensor, names: Sequence[str]) -> None:
        if str(self.target) in _RULES:
            return
        number = self._number(list(names))
        if (identities == number).all():
            raise FacetrialError(
                f"goal.target={self.target}: all pictures show {names[number]} already. Choose another target, or "
                f"one of {', '.join(_RULES)}."
            )

    def _number(self, names: list[str]) -> int:
        if str(self.target) in names:
            return names.index(str(self.target))
        number = int(self.target) if str(self.target).isdecimal() else -1
        if not 0 <= number < len(names):
            raise FacetrialError(
                f"goal.target={self.target}: there is no such person among {len(names)}, such as {names[0]!r}. Give a "
                f"name, a number from 0 to {len(names) - 1}, or one of {', '.join(_RULES)}."
            )
        return number


def _nearest(scores: Tensor, identities: Tensor, draws: Draws) -> Tensor:
    return scores.scatter(1, identities[:, None], -torch.inf).argmax(1)


def _least_likely(scores: Tensor, identities: Tensor, draws: Draws) -> Tensor:
    return scores.scatter(1, identities[:, None], torch.inf).argmin(1)


def _random(scores: Tensor, identities: Tensor, draws: Draws) -> Tensor:
    others = scores.shape[1] - 1
    chosen = (draws.uniform((1,), "target")[:, 0] * others).long().clamp(max=others - 1)
    return chosen + (chosen >= identities)  # the number of another person: one's own is stepped over


_RULES = {"nearest": _nearest, "least_likely": _least_likely, "random": _random}
