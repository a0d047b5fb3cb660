"""Fewer shades a channel."""

from typing import Annotated

from torch import Tensor

from facetrial.core.checked_settings import checked
from facetrial.core.settings import whole
from facetrial.defenses.transform import InputTransform


class BitDepth(InputTransform):
    """Rounds each channel to 2^bits shades (Xu et al., "Feature squeezing", NDSS 2018).

    Rounding has no slope; an attacker who knows it passes gradients straight through.

    Args:
        bits: from 1 to 8.

    Raises:
        FacetrialError: another number of bits.
    """

    has_slope = False

    @checked("defense.bit_depth")
    def __init__(self, bits: Annotated[int, whole(1, 8)]) -> None:
        self.bits = bits

    def transform(self, images: Tensor) -> Tensor:
        steps = 2**self.bits - 1
        return images.clamp(0.0, 1.0).mul(steps).round().div(steps)
