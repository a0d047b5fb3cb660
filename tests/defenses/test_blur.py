"""Median and Gaussian blur: plain pictures stay, single pixels go."""

import pytest
import torch

from facetrial.defenses.blur import GaussianBlur, MedianBlur


def test_the_median_takes_single_pixels_out_and_leaves_plain_pictures():
    plain = torch.full((1, 3, 8, 8), 0.3)
    specked = plain.clone()
    specked[0, :, 3, 3] = 1.0
    specked[0, :, 0, 0] = 1.0
    torch.testing.assert_close(MedianBlur(3).transform(plain), plain)
    assert float(MedianBlur(3).transform(specked)[0, :, 3, 3].max()) == pytest.approx(0.3)


def test_the_blur_keeps_the_mean_and_plain_pictures():
    plain = torch.full((1, 3, 8, 8), 0.3)
    torch.testing.assert_close(GaussianBlur(2.0).transform(plain), plain)
