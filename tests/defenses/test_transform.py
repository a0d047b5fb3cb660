"""Defences that change the picture: range, slopes, and independence of the batch."""

import pytest
import torch

from facetrial.core.errors import FacetrialError
from facetrial.defenses.bit_depth import BitDepth
from facetrial.defenses.blur import GaussianBlur, MedianBlur
from facetrial.defenses.jpeg import JPEG
from facetrial.defenses.pixel_draws import picture_draws
from facetrial.defenses.resize_pad import RandomResizePad
from facetrial.defenses.total_variation import TotalVariation
from facetrial.recognition.layers import adaptive_view, layers
from tests.helpers.pixels import Pixels, pictures, seen

TRANSFORMS = {
    "jpeg": JPEG(75),
    "jpeg with a slope": JPEG(75, real=False),
    "bit_depth": BitDepth(3),
    "median": MedianBlur(3),
    "blur": GaussianBlur(1.0),
    "total_variation": TotalVariation(0.1, 20),
    "resize_pad": RandomResizePad(0.8, 0, 4),
}


@pytest.mark.parametrize("name", TRANSFORMS)
def test_what_is_seen_is_a_picture_near_the_one_that_came_whatever_the_batch(name):
    victim = TRANSFORMS[name].wrap_victim(Pixels())
    images = pictures()
    together = seen(victim, images)
    assert together.min() >= 0
    assert together.max() <= 1
    alone = torch.cat([seen(victim, image[None]) for image in images])
    torch.testing.assert_close(alone, together, rtol=0, atol=1e-6)
    assert torch.equal(seen(victim, images), together)
    if name != "resize_pad":
        away = (together - images).abs().mean()
        assert 0 < away < 0.08


@pytest.mark.parametrize("name", TRANSFORMS)
def test_the_adaptive_view_has_a_slope_and_the_same_values(name):
    victim = TRANSFORMS[name].wrap_victim(Pixels())
    images = pictures().requires_grad_(True)
    asked = adaptive_view(victim)
    scores = asked(images)
    if not layers(victim)[0].draws_at_random:
        torch.testing.assert_close(scores, victim(images), rtol=0, atol=1e-6)
    (slope,) = torch.autograd.grad(scores.square().sum(), images)
    assert slope.isfinite().all()
    assert (slope != 0).float().mean() > 0.3


@pytest.mark.parametrize("name", ["blur", "total_variation", "resize_pad"])
def test_slopes_are_those_of_finite_differences(name):
    asked = adaptive_view(TRANSFORMS[name].wrap_victim(Pixels()))
    images = pictures(1) * 0.8 + 0.1
    direction = torch.randn(images.shape, generator=torch.Generator().manual_seed(1))
    weights = torch.randn(1, images[0].numel(), generator=torch.Generator().manual_seed(2))
    if name == "resize_pad":  # another picture meets another draw
        draws = picture_draws(images, 0, 1)
        function = lambda x: (TRANSFORMS[name].transform(x, draws).flatten(1) * weights).sum()  # noqa: E731
    else:
        function = lambda x: (asked(x) * weights).sum()  # noqa: E731
    leaf = images.clone().requires_grad_(True)
    (slope,) = torch.autograd.grad(function(leaf), leaf)
    step = 2e-3
    difference = (function(images + step * direction) - function(images - step * direction)) / (2 * step)
    assert float((slope * direction).sum()) == pytest.approx(float(difference), rel=0.05, abs=0.5)


@pytest.mark.parametrize(
    ("make", "key"),
    [
        (lambda: JPEG(0), "quality"),
        (lambda: BitDepth(9), "bits"),
        (lambda: MedianBlur(4), "side"),
        (lambda: GaussianBlur(0), "sigma"),
        (lambda: TotalVariation(0, 5), "weight"),
        (lambda: RandomResizePad(1.0, 0, 4), "smallest"),
        (lambda: RandomResizePad(0.8, 0, 0), "samples"),
    ],
)
def test_senseless_settings_are_refused(make, key):
    with pytest.raises(FacetrialError, match=key):
        make()
