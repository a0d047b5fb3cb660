"""Whether a surrogate is a network of its own, that is shown what it was trained on."""

from dataclasses import replace
from typing import Annotated

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from facetrial.checks.base import Check, Evidence, Outcome, does_not_apply, failed, passed
from facetrial.checks.colour_order import ColourOrder
from facetrial.checks.of_input import StandardisedOnce
from facetrial.core.settings import Count, Share, Unit
from facetrial.recognition.layers import base_model, unchecked

_SAME = 1e-3  # of the spread of a picture's scores
_NO_TRANSFER = (
    "this is no transfer: name a surrogate that was trained apart (attack.surrogate=mobilefacenet, "
    "surrogate.weights=NAME), or attack without one and say white box"
)


class SurrogateApart(Check):
    """The surrogate is another network than the victim, standardises once and sees colours in their order.

    What is found on the victim's own network, or on one that was made from it and hardly changed since, is no transfer:
    it is an attack that knows the victim, under a weaker name. The slopes of two networks that were trained apart have
    little in common, whatever both know: those of the margins of the same two people are compared. What is found on a
    surrogate that sees other colours or values than it was trained on carries over less than it could, and looks like
    robustness, though it may still recognise many.

    Args:
        pictures: how many both are shown.
        most: largest cosine of both slopes, the median over pictures.
    """

    def __init__(
        self, pictures: Count = 8, most: Annotated[Share, Unit("the cosine of two slopes")] = 0.9
    ) -> None:
        self.pictures = pictures
        self.most = most

    def __call__(self, evidence: Evidence) -> Outcome:
        surrogate = evidence.attack.surrogate
        if surrogate is None:
            return does_not_apply("the attack asks the victim")
        batch, victim = evidence.batch(evidence.some(self.pictures)), base_model(evidence.victim)
        other, view = surrogate.victim.to(evidence.device), surrogate.view(batch.pictures)
        if _same_weights(victim, other):
            return failed("the surrogate's weights are the victim's", _NO_TRANSFER)
        rows = torch.arange(len(batch), device=evidence.device)
        leaves = [batch.images.clone().requires_grad_(True) for _ in range(2)]
        with torch.enable_grad():
            seen = leaves[1] if view is None else view(rows, leaves[1])
            own, found = _scores(victim, leaves[0]), _scores(other, seen)
        if own.shape == found.shape:
            spread = (own.amax(1) - own.amin(1)).clamp(min=1e-12)
            if (off := float(((own - found).abs().amax(1) / spread).max().detach())) <= _SAME:
                said = f"scores of {len(batch)} pictures, to {off:.2g} of their spread,"
                return failed(f"the surrogate's {said} are the victim's", _NO_TRANSFER)
        cosine = _cosine(own, found, leaves, batch.identities[:, None])
        if cosine is not None and cosine > self.most:
            return failed(
                f"slopes of victim and surrogate agree by a cosine of {cosine:.2f} ({len(batch)} pictures): the "
                "surrogate is the victim itself, or made from it",
                _NO_TRANSFER,
            )
        if view is None:
            for check in (StandardisedOnce(), ColourOrder()):
                outcome = check(replace(evidence, victim=other))
                if outcome is not None and outcome.passed is False:
                    return failed(f"of the surrogate: {outcome.detail}", outcome.remedy or "")
        agree = "" if cosine is None else f"; their slopes agree by a cosine of {cosine:.2f}"
        return passed(f"the surrogate is another network than the victim{agree} ({len(batch)} pictures)")


def _scores(network: nn.Module, images: Tensor) -> Tensor:
    found: Tensor = unchecked(network)(images).float()
    return found


def _cosine(own: Tensor, found: Tensor, leaves: list[Tensor], people: Tensor) -> float | None:
    """Of the slopes of the margins over the victim's rival, the median over pictures; None where either has none."""
    rivals = own.detach().scatter(1, people, -torch.inf).argmax(1, keepdim=True)
    slopes = []
    for scores, leaf in zip((own, found), leaves, strict=True):
        if not scores.requires_grad:
            return None
        margins = scores.gather(1, people) - scores.gather(1, rivals)
        (slope,) = torch.autograd.grad(margins.sum(), leaf, allow_unused=True)
        if slope is None:
            return None
        slopes.append(slope.flatten(1))
    return float(F.cosine_similarity(slopes[0], slopes[1]).nan_to_num(0.0).median())


def _same_weights(victim: nn.Module, other: nn.Module) -> bool:
    """Whether both embed by the same numbers, whatever stands behind."""
    kept = [list(getattr(one, "embedder", one).state_dict().values()) for one in (victim, base_model(other))]
    return (
        len(kept[0]) == len(kept[1]) > 0
        and all(own.shape == found.shape for own, found in zip(*kept, strict=True))
        and all(torch.equal(own, found.to(own.device)) for own, found in zip(*kept, strict=True))
    )
