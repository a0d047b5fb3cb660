"""JPEG: the real codec has no slope, and the one that has is near it."""

from facetrial.defenses.jpeg import JPEG
from tests.helpers.pixels import Pixels, pictures


def test_real_jpeg_has_no_slope_of_its_own():
    images = pictures().requires_grad_(True)
    assert not JPEG(75).wrap_victim(Pixels())(images).requires_grad


def test_the_codec_with_a_slope_is_near_the_real_one():
    images = pictures()
    for quality in (30, 75, 95):
        real = JPEG(quality)
        assert (real.transform(images) - real.stand_in(images)).abs().mean() < 0.012
