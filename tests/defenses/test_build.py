"""Defences in the order in which they are named."""

import torch

from facetrial.defenses.bit_depth import BitDepth
from facetrial.defenses.blur import GaussianBlur
from facetrial.defenses.build import defended
from tests.helpers.pixels import SIZE, Pixels, seen


def test_the_first_named_meets_the_picture_first():
    images = torch.full((1, 3, SIZE, SIZE), 0.55)
    images[..., ::2] = 0.45
    bits, blur = BitDepth(1), GaussianBlur(2.0)
    assert set(seen(defended(Pixels(), [blur, bits]), images).unique().tolist()) <= {0.0, 1.0}
    assert len(seen(defended(Pixels(), [bits, blur]), images).unique()) > 2
