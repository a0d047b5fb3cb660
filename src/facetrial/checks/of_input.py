"""Whether pictures are in [0, 1], the victim minds, and it standardises them once."""

from typing import Annotated

import torch
from torch import Tensor, nn

from facetrial.checks.base import Check, Evidence, Outcome, does_not_apply, failed, passed
from facetrial.core.errors import FacetrialError
from facetrial.core.settings import Share, Unit
from facetrial.recognition.layers import base_model, scores_of

_PICTURES = 64


class PictureRange(Check):
    """Pictures use the range [0, 1], and the victim refuses those that leave it.

    A budget of 8/255 means something in this range only. Pictures divided by 255 twice are all but black in it; a
    victim that takes standardised ones without a word lets them be standardised twice.

    Args:
        contrast: least difference between a typical picture's darkest and brightest value.
    """

    def __init__(self, contrast: Annotated[Share, Unit("of a pixel's range")] = 0.1) -> None:
        self.contrast = contrast

    def __call__(self, evidence: Evidence) -> Outcome:
        images = evidence.images(evidence.some(_PICTURES))
        values = images.flatten(1)
        found = float((values.amax(1) - values.amin(1)).median())
        if found < self.contrast:
            return failed(
                f"between the darkest and the brightest value of a typical picture lie {found:.3g} of the range",
                "give pixels from 0 to 255 in `pixels`; were they divided by 255 already?",
            )
        outside = {"standardised": 2.0 * images[:1] - 1.0, "from 0 to 255": 255.0 * images[:1]}
        taken = [name for name, picture in outside.items() if not _refused(evidence, picture)]
        if taken:
            return failed(
                f"the victim takes pictures that are {' and '.join(taken)} without a word",
                "let its forward pass call facetrial.faces.check_images, or wrap it in a facetrial.Victim",
            )
        return passed(f"pictures lie in [0, 1] and span {found:.2f} of it; the victim refuses others")


def _refused(evidence: Evidence, picture: Tensor) -> bool:
    try:
        scores_of(evidence.victim, picture)
    except FacetrialError:
        return True
    return False


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
        ends = _first_layer_sees(base_model(evidence.victim), picture)
        if ends is None:
            return does_not_apply(
                "the network has no convolution, linear layer or batch-norm that could be looked at"
            )
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
