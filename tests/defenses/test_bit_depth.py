"""Shades that a number of bits leaves."""

import torch

from facetrial.defenses.bit_depth import BitDepth


def test_bits():
    shades = BitDepth(1).transform(torch.tensor([0.0, 0.4, 0.6, 1.0]).view(1, 1, 2, 2))
    assert shades.flatten().tolist() == [0.0, 0.0, 1.0, 1.0]
    eight = torch.arange(256).view(1, 1, 16, 16) / 255.0
    torch.testing.assert_close(BitDepth(8).transform(eight), eight)
