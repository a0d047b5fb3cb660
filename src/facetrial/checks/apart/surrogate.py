"""Whether the surrogate of a transfer is another network than the victim."""

from typing import Annotated

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from facetrial.checks.base import Check, Evidence, Outcome, does_not_apply, failed, passed
from facetrial.core.settings import Count, Share, Unit
from facetrial.recognition.layers import base_model, unchecked


class SurrogateApart(Check):
    """The surrogate that an attack asks is another network than the victim.

    Where it is the victim's own, or one that was made from it and hardly changed since, what is told as a transfer is
    an attack that knows the victim, and leaves far less. The slopes of two networks that were trained apart have little
    in common, whatever both know: those of the margins of the same two people are compared, picture by picture.

    It is left out of attacks that ask the victim, and where either shows no slope.

    Args:
        pictures: how many are looked at.
        most: largest cosine of both slopes, the median over pictures.
    """

    def __init__(
        self, pictures: Count = 8, most: Annotated[Share, Unit("the cosine of two slopes")] = 0.9
    ) -> None:
        self.pictures = pictures
        self.most = most

    def __call__(self, evidence: Evidence) -> Outcome:
        if (surrogate := evidence.attack.surrogate) is None:
            return does_not_apply("the attack asks the victim")
        batch = evidence.batch(evidence.some(self.pictures))
        victim, other = base_model(evidence.victim), surrogate.victim.to(evidence.device)
        view, rows = surrogate.view(batch.pictures), torch.arange(len(batch), device=evidence.device)
        leaves = [batch.images.clone().requires_grad_(True) for _ in range(2)]
        with torch.enable_grad():
            seen = leaves[1] if view is None else view(rows, leaves[1])
            scores = [_scores(victim, leaves[0]), _scores(other, seen)]
        own = batch.identities[:, None]
        rivals = scores[0].detach().scatter(1, own, -torch.inf).argmax(1, keepdim=True)
        slopes = [_slope(of, own, rivals, leaf) for of, leaf in zip(scores, leaves, strict=True)]
        if slopes[0] is None or slopes[1] is None:
            return does_not_apply("the victim, or the surrogate, shows no slope")
        cosine = float(F.cosine_similarity(slopes[0], slopes[1]).nan_to_num(0.0).median())
        detail = f"slopes of victim and surrogate agree by a cosine of {cosine:.2f} ({len(batch)} pictures)"
        if cosine <= self.most:
            return passed(detail)
        return failed(
            f"{detail}: the surrogate is the victim itself, or made from it",
            "this is no transfer: give a surrogate that was trained apart (attack.surrogate, surrogate.weights), or "
            "attack without one",
        )


def _scores(network: nn.Module, images: Tensor) -> Tensor:
    found: Tensor = unchecked(network)(images).float()
    return found


def _slope(scores: Tensor, own: Tensor, rivals: Tensor, leaf: Tensor) -> Tensor | None:
    """The slope (B, 3HW) of the own score over the rival's in `leaf`; None where there is none."""
    if not scores.requires_grad:
        return None
    margins = scores.gather(1, own) - scores.gather(1, rivals)
    (slope,) = torch.autograd.grad(margins.sum(), leaf, allow_unused=True)
    return None if slope is None else slope.flatten(1)
