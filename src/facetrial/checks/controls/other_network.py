"""Whether a surrogate is a network of its own, that is shown what it was trained on."""

from dataclasses import replace

import torch
from torch import nn

from facetrial.checks.base import Check, Evidence, Outcome, does_not_apply, failed, passed
from facetrial.checks.colour_order import ColourOrder
from facetrial.checks.of_input import StandardisedOnce
from facetrial.core.settings import Count
from facetrial.recognition.layers import base_model, scores_of

_SAME = 1e-3  # of the spread of a picture's scores


class SurrogateApart(Check):
    """The surrogate is another network than the victim, standardises once and sees colours in their order.

    What is found on the victim's own weights is no transfer: it is a white-box attack under a weaker name. What is
    found on a surrogate that sees other colours or values than it was trained on carries over less than it could, and
    looks like robustness, though it may still recognise many.

    Args:
        pictures: how many both are shown.
    """

    def __init__(self, pictures: Count = 4) -> None:
        self.pictures = pictures

    def __call__(self, evidence: Evidence) -> Outcome:
        surrogate = evidence.attack.surrogate
        if surrogate is None:
            return does_not_apply("the attack asks no surrogate")
        batch, victim = evidence.batch(evidence.some(self.pictures)), base_model(evidence.victim)
        other, view = surrogate.victim.to(evidence.device), surrogate.view(batch.pictures)
        rows = torch.arange(len(batch), device=evidence.device)
        own = scores_of(victim, batch.images)
        found = scores_of(other, batch.images if view is None else view(rows, batch.images))
        if own.shape == found.shape:
            spread = (own.amax(1) - own.amin(1)).clamp(min=1e-12)
            off = float(((own - found).abs().amax(1) / spread).max())
            same = _same_weights(victim, other)
            if off <= _SAME or same:
                said = (
                    "weights" if same else f"scores of {len(batch)} pictures, to {off:.2g} of their spread,"
                )
                return failed(
                    f"the surrogate's {said} are the victim's",
                    "what is found on the victim's own weights is no transfer: name another surrogate "
                    "(attack.surrogate=mobilefacenet, surrogate.weights=NAME), or leave it out and say white box",
                )
        if view is None:
            for check in (StandardisedOnce(), ColourOrder()):
                outcome = check(replace(evidence, victim=other))
                if outcome is not None and outcome.passed is False:
                    return failed(f"of the surrogate: {outcome.detail}", outcome.remedy or "")
        return passed("the surrogate is another network than the victim")


def _same_weights(victim: nn.Module, other: nn.Module) -> bool:
    """Whether both embed by the same numbers, whatever stands behind."""
    kept = [list(getattr(one, "embedder", one).state_dict().values()) for one in (victim, base_model(other))]
    return (
        len(kept[0]) == len(kept[1]) > 0
        and all(own.shape == found.shape for own, found in zip(*kept, strict=True))
        and all(torch.equal(own, found.to(own.device)) for own, found in zip(*kept, strict=True))
    )
