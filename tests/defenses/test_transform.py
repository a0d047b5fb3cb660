"""Defences that change the picture: range, slopes, independence of the batch, and what each does."""

import pytest
import torch
from torch import nn

from facetrial.core.errors import FacetrialError
from facetrial.defenses.bit_depth import BitDepth
from facetrial.defenses.blur import GaussianBlur, MedianBlur
from facetrial.defenses.build import defended
from facetrial.defenses.jpeg import JPEG
from facetrial.defenses.pixel_draws import picture_draws
from facetrial.defenses.resize_pad import RandomResizePad
from facetrial.defenses.total_variation import TotalVariation, divergence, gradient, variation
from facetrial.recognition.layers import adaptive_view, base_model, layers, with_base
from facetrial.recognition.victim import Victim

SIZE = 32
TRANSFORMS = {
    "jpeg": JPEG(75),
    "jpeg with a slope": JPEG(75, real=False),
    "bit_depth": BitDepth(3),
    "median": MedianBlur(3),
    "blur": GaussianBlur(1.0),
    "total_variation": TotalVariation(0.1, 20),
    "resize_pad": RandomResizePad(0.8, 0, 4),
}


class Pixels(nn.Module):
    """Its scores are pixels: what a transform leaves can be read from them."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(1), requires_grad=False)
        self.eval()

    def forward(self, images):
        return self.weight * images.flatten(1)


def pictures(count=3, smooth=4):
    small = torch.rand(count, 3, smooth, smooth, generator=torch.Generator().manual_seed(0))
    return nn.functional.interpolate(small, SIZE, mode="bicubic").clamp(0, 1)


def seen(victim, images):
    return victim(images).unflatten(1, (3, SIZE, SIZE))


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
def test_who_knows_the_defence_sees_a_slope_and_the_same_values(name):
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


def test_real_jpeg_has_no_slope_of_its_own():
    images = pictures().requires_grad_(True)
    assert not JPEG(75).wrap_victim(Pixels())(images).requires_grad


def test_the_codec_with_a_slope_is_near_the_real_one():
    images = pictures()
    for quality in (30, 75, 95):
        real = JPEG(quality)
        assert (real.transform(images) - real.stand_in(images)).abs().mean() < 0.012


def test_bits():
    shades = BitDepth(1).transform(torch.tensor([0.0, 0.4, 0.6, 1.0]).view(1, 1, 2, 2))
    assert shades.flatten().tolist() == [0.0, 0.0, 1.0, 1.0]
    eight = torch.arange(256).view(1, 1, 16, 16) / 255.0
    torch.testing.assert_close(BitDepth(8).transform(eight), eight)


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


class TestTotalVariation:
    def test_divergence_is_minus_the_adjoint_of_the_gradient(self):
        generator = torch.Generator().manual_seed(0)
        images, across, down = torch.randn(3, 2, 3, 7, 5, generator=generator, dtype=torch.float64)
        slopes = gradient(images)
        left = (slopes[0] * across).sum() + (slopes[1] * down).sum()
        torch.testing.assert_close(left, -(images * divergence(across, down)).sum())

    def test_more_steps_come_nearer_to_the_least_value(self):
        images = (pictures(1) + 0.1 * torch.randn(1, 3, SIZE, SIZE)).clamp(0, 1)

        def value(u):
            return float(0.5 * (u - images).square().sum() + 0.1 * variation(u).sum())

        values = [value(TotalVariation(0.1, steps).transform(images)) for steps in (1, 5, 20, 100, 400)]
        assert values == sorted(values, reverse=True)
        assert values[2] <= 1.05 * values[4] < value(images)


class TestRandomDraws:
    def test_hang_on_seed_number_and_picture_alone(self):
        images = pictures(4)
        draws = picture_draws(images, 0).uniform((3,), "x")
        assert torch.equal(picture_draws(images[2:3], 0).uniform((3,), "x"), draws[2:3])
        assert len(draws[:, 0].unique()) == 4
        moved = images.clone()
        moved[0, 0, 0, 0] += 1e-6
        for other in (picture_draws(images, 1), picture_draws(images, 0, 1), picture_draws(moved, 0)):
            assert not torch.equal(other.uniform((3,), "x")[0], draws[0])

    def test_swapped_pixels_draw_anew(self):
        images = pictures(1)
        keys = [picture_draws(x, 0).pictures.item() for x in (images, images.flip(-1), images.roll(1, -1))]
        assert len(set(keys)) == 3
        assert min(keys) >= 0

    def test_an_attacker_never_sees_the_draw_of_the_verdict(self):
        victim = RandomResizePad(0.5, 0, 3).wrap_victim(Pixels())
        asked = adaptive_view(victim)
        images = pictures(1)
        assert asked.forward_passes == 3
        shown = asked.shown(images)
        assert len(shown) == 3
        assert not any(torch.equal(one, victim.shown(images)[0]) for one in shown)
        torch.testing.assert_close(asked(images), shown.flatten(1).mean(0, keepdim=True))


class TestSeveral:
    def test_the_first_named_meets_the_picture_first(self):
        images = torch.full((1, 3, SIZE, SIZE), 0.55)
        images[..., ::2] = 0.45
        bits, blur = BitDepth(1), GaussianBlur(2.0)
        assert set(seen(defended(Pixels(), [blur, bits]), images).unique().tolist()) <= {0.0, 1.0}
        assert len(seen(defended(Pixels(), [bits, blur]), images).unique()) > 2

    def test_layers_come_off_and_go_over_another_victim(self):
        core, other = Pixels(), Pixels()
        victim = defended(core, [JPEG(50), BitDepth(4)])
        assert [type(layer.defense) for layer in layers(victim)] == [JPEG, BitDepth]
        assert base_model(victim) is core
        assert base_model(adaptive_view(victim)) is core
        assert base_model(with_base(victim, other)) is other
        assert base_model(victim) is core

    def test_only_the_outermost_looks_at_the_range(self):
        inner = Victim(nn.Flatten(), nn.Identity(), [str(i) for i in range(3 * SIZE * SIZE)]).eval()
        victim = defended(inner, [GaussianBlur(1.0)])
        with pytest.raises(FacetrialError, match=r"\[0, 1\]"):
            victim(pictures() + 1)
        assert inner.checked
        assert not base_model(victim).checked


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
