"""Whether pictures are standardised once on their way into the network."""

import torch
from torch import nn

from facetrial.attacks.objective import scores_of
from facetrial.defenses.defended import undefended
from facetrial.evaluation.checks.check import Check, Evidence, Outcome, failed, passed

_LAYERS = (nn.Conv2d, nn.Linear, nn.BatchNorm2d)
# From black to white, half of the way, as networks are trained on it: [0, 1] or standardised; or bytes.
_UNIT, _BYTES = (0.4, 3.0), (100.0, 140.0)
_OFF_CENTRE = 0.3  # most that grey may lie from 0, as a share of half of the way


class StandardisedOnce(Check):
    """What the network's first layer is given of a black and of a white pixel is what networks are trained on.

    That is [0, 1] or [0, 255] as they are, or values about 0: from -1 to 1, or by ImageNet's mean and deviation from
    -2.1 to 2.6. Standardised twice, grey lies far from 0, or black far from white. A network that is given such
    pictures still recognises many, since its head was fitted on them, and its robustness is that of another network.

    It is left out where the network has no convolution, linear layer or batch-norm that could be looked at.
    """

    def __call__(self, evidence: Evidence) -> Outcome | None:
        height, width = evidence.faces.pixels.shape[1:3]
        picture = torch.zeros(1, 3, height, width, device=evidence.device)
        picture[..., width // 2 :] = 1.0
        ends = _first_layer_sees(undefended(evidence.victim), picture)
        if ends is None:
            return None
        black, white = ends
        detail = f"the network's first layer is given values from {black:.3g} (black) to {white:.3g} (white)"
        if _usual(black, white):
            return passed(detail)
        return failed(
            detail,
            "standardise once, inside the network, as it was trained: [0, 1] comes in; where a published network "
            "wants (x - 127.5) / 128 of bytes, that is (255 x - 127.5) / 128 and nothing before it",
        )


def _usual(black: float, white: float) -> bool:
    half, middle = (white - black) / 2, (white + black) / 2
    if not any(low <= half <= high for low, high in (_UNIT, _BYTES)):
        return False
    bare = abs(black) <= 0.05 * half and (half <= 0.6 or half >= _BYTES[0])
    return bare or abs(middle) <= _OFF_CENTRE * half


def _first_layer_sees(victim: nn.Module, picture: torch.Tensor) -> tuple[float, float] | None:
    """The least and the largest value that the first layer with weights is given of a picture."""
    seen: list[tuple[float, float]] = []

    def look(module: nn.Module, given: tuple) -> None:
        if not seen and given and isinstance(given[0], torch.Tensor):
            seen.append((float(given[0].min()), float(given[0].max())))

    hooks = [m.register_forward_pre_hook(look) for m in victim.modules() if isinstance(m, _LAYERS)]
    try:
        scores_of(victim, picture)
    finally:
        for hook in hooks:
            hook.remove()
    return seen[0] if seen else None
