"""Augmentation moves pixels and points together."""

import torch

from facetrial.data.landmark_augmentation import Augmentation, about_centre, flip, sharpen, warp
from facetrial.faces.frames import mean_shape
from facetrial.faces.landmark_names import LANDMARK_NAMES, LEFT_EYE, NOSE_TIP, RIGHT_EYE


def spot_at(points: torch.Tensor) -> torch.Tensor:
    """Pictures (B, 1, 96, 96) with a bright spot at points (B, 2)."""
    places = torch.arange(96).float()
    x, y = (places[None] - points[:, :1]) ** 2, (places[None] - points[:, 1:]) ** 2
    return (-(y[:, :, None] + x[:, None, :]) / 18).exp()[:, None]


def brightest(pictures: torch.Tensor) -> torch.Tensor:
    weights = pictures[:, 0] / pictures[:, 0].sum((1, 2), keepdim=True)
    places = torch.arange(96).float()
    return torch.stack([(weights.sum(1) * places).sum(1), (weights.sum(2) * places).sum(1)], dim=1)


def test_flip_swaps_left_and_right_names():
    landmarks = mean_shape(torch.zeros(1))[None] + torch.randn(1, 15, 2)
    images = spot_at(landmarks[:, LEFT_EYE])
    mirrored, points = flip(images, landmarks)
    assert (brightest(mirrored) - points[:, RIGHT_EYE]).abs().max() < 0.1
    assert points[0, LEFT_EYE, 0] > points[0, RIGHT_EYE, 0]
    for name in (
        "eye_center",
        "eye_inner_corner",
        "eye_outer_corner",
        "eyebrow_inner_end",
        "eyebrow_outer_end",
    ):
        left, right = (LANDMARK_NAMES.index(f"{side}_{name}") for side in ("left", "right"))
        assert points[0, left, 0] == 95 - landmarks[0, right, 0]
        assert points[0, left, 1] == landmarks[0, right, 1]
    again, back = flip(mirrored, points)
    assert torch.equal(again, images)
    assert torch.allclose(back, landmarks)


def test_pixels_and_points_move_together():
    points = torch.tensor([[40.0, 52.0], [60.0, 35.0], [48.0, 60.0]])
    landmarks = points[:, None].expand(3, 15, 2)
    transforms = about_centre(
        scale=torch.tensor([0.9, 1.1, 1.0]),
        angle=torch.tensor([0.3, -0.4, 0.1]),
        shift=torch.tensor([[3.0, -2.0], [0.0, 4.0], [-5.0, 1.0]]),
        stretch=torch.tensor([1.0, 1.1, 0.9]),
        size=96,
    )
    moved, where = warp(spot_at(points), landmarks, transforms, black=torch.tensor([True, False, True]))
    assert (brightest(moved) - where[:, NOSE_TIP]).abs().max() < 0.1


def test_positive_angles_turn_x_towards_y():
    turned = about_centre(
        *(torch.tensor([v]) for v in (1.0, torch.pi / 2)), torch.zeros(1, 2), torch.ones(1), 96
    )
    assert torch.allclose(turned[0] @ torch.tensor([57.5, 47.5, 1.0]), torch.tensor([47.5, 57.5]), atol=1e-4)


def test_blur_and_sharpening_keep_the_mean_light():
    images = torch.rand(2, 1, 96, 96)
    for amount in (-1.0, 1.0):
        changed = sharpen(images, torch.full((2,), amount))
        assert torch.allclose(changed.mean(), images.mean(), atol=5e-3)
        assert (changed.std() < images.std()) == (amount < 0)


def test_the_whole_keeps_range_shape_and_unknown_points():
    images, landmarks = torch.rand(16, 1, 96, 96), mean_shape(torch.zeros(1)).expand(16, 15, 2).clone()
    landmarks[3] = torch.nan
    changed, points = Augmentation()(images, landmarks)
    assert changed.shape == images.shape
    assert changed.min() >= 0
    assert changed.max() <= 1
    assert points[3].isnan().all()
    assert points[[0, 1, 2]].isfinite().all()


def test_nothing_asked_for_changes_nothing():
    nothing = Augmentation(**{name: 0.0 for name in vars(Augmentation())})
    images, landmarks = torch.rand(4, 1, 96, 96) * 0.98 + 0.01, torch.rand(4, 15, 2) * 96
    changed, points = nothing(images, landmarks)
    assert torch.allclose(changed, images, atol=1e-4)
    assert torch.allclose(points, landmarks, atol=1e-4)
