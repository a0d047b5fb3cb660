"""Draws hang on seed, number and picture alone."""

import torch

from facetrial.defenses.pixel_draws import picture_draws
from tests.helpers.pixels import pictures


def test_hang_on_seed_number_and_picture_alone():
    images = pictures(4)
    draws = picture_draws(images, 0).uniform((3,), "x")
    assert torch.equal(picture_draws(images[2:3], 0).uniform((3,), "x"), draws[2:3])
    assert len(draws[:, 0].unique()) == 4
    moved = images.clone()
    moved[0, 0, 0, 0] += 1e-6
    for other in (picture_draws(images, 1), picture_draws(images, 0, 1), picture_draws(moved, 0)):
        assert not torch.equal(other.uniform((3,), "x")[0], draws[0])


def test_swapped_pixels_draw_anew():
    images = pictures(1)
    keys = [picture_draws(x, 0).pictures.item() for x in (images, images.flip(-1), images.roll(1, -1))]
    assert len(set(keys)) == 3
    assert min(keys) >= 0
