import numpy as np
import pytest
import torch
from torch import nn

from facetrial.core.errors import FacetrialError
from facetrial.data.photos.alignment import box_from_five_points, similarity
from facetrial.faces.frames import (
    FRAME_SIZE,
    MEAN_SHAPE,
    chained,
    cut_frames,
    frames_from_boxes,
    grey,
    identity_transforms,
    inverted,
    mean_shape,
    move,
    shrunk,
    similarity_transforms,
)
from facetrial.faces.landmark_names import FLIP, LEFT_EYE, MOUTH_LEFT, MOUTH_RIGHT, NOSE_TIP, RIGHT_EYE
from facetrial.landmarks.inference import find_in_frames, find_in_pictures

BOXES = torch.tensor([[18.0, 11.0, 141.0, 152.0], [40.5, 20.0, 130.25, 138.0], [-6.0, -3.0, 90.0, 120.0]])


def spots(centres: torch.Tensor, size: int, spread: float) -> torch.Tensor:
    """Pictures (B, 1, size, size), each with a bright spot at centres (B, 2)."""
    places = torch.arange(size).float()
    x = (places[None] - centres[:, :1]) ** 2
    y = (places[None] - centres[:, 1:]) ** 2
    return (-(y[:, :, None] + x[:, None, :]) / (2 * spread**2)).exp()[:, None]


def brightest(pictures: torch.Tensor) -> torch.Tensor:
    """Where the spot lies (B, 2), as the mean of places weighted by brightness."""
    weights = pictures[:, 0] / pictures[:, 0].sum((1, 2), keepdim=True)
    places = torch.arange(pictures.shape[-1]).float()
    return torch.stack([(weights.sum(1) * places).sum(1), (weights.sum(2) * places).sum(1)], dim=1)


def test_points_come_back():
    to_frame = frames_from_boxes(BOXES)
    turned = chained(
        to_frame, similarity_transforms(move(to_frame, torch.rand(3, 15, 2) * 160), mean_shape(BOXES))
    )
    for transforms in (to_frame, turned):
        points = torch.rand(3, 15, 2) * 160
        assert (move(inverted(transforms), move(transforms, points)) - points).abs().max() < 1e-3


def test_unknown_points_stay_unknown():
    points = torch.rand(3, 15, 2)
    points[1, 4] = torch.nan
    moved = move(frames_from_boxes(BOXES), points)
    assert moved.isnan().equal(points.isnan())


@pytest.mark.parametrize("size", [96, 160, 250, 400])
def test_pixels_and_points_move_together(size):
    centres = torch.tensor([[0.45, 0.52], [0.6, 0.4], [0.5, 0.66]]) * size
    boxes = torch.tensor([[0.2, 0.1, 0.8, 0.9]]).expand(3, 4) * size
    to_frame = frames_from_boxes(boxes)
    frames = cut_frames(spots(centres, size, spread=0.04 * size), to_frame)
    assert frames.shape == (3, 1, FRAME_SIZE, FRAME_SIZE)
    assert (brightest(frames) - move(to_frame, centres[:, None])[:, 0]).abs().max() < 0.1


def test_a_whole_frame_is_taken_as_it_is():
    images = torch.rand(2, 1, FRAME_SIZE, FRAME_SIZE)
    assert torch.allclose(cut_frames(images, identity_transforms(images)), images, atol=1e-5)


def test_shrinking_has_no_aliasing():
    stripes = (torch.arange(384) % 2).float().expand(1, 1, 384, 384)
    whole = torch.eye(2, 3)[None] * 0.25
    assert (cut_frames(stripes, whole)[..., 2:-2, 2:-2] - 0.5).abs().max() < 0.05


def test_gradients_reach_the_picture():
    images = torch.rand(1, 3, 160, 160, requires_grad=True)
    cut_frames(grey(images), frames_from_boxes(BOXES[:1])).square().sum().backward()
    assert images.grad.abs().sum() > 0


def test_similarities_agree_with_the_alignment():
    points, target = torch.rand(4, 5, 2).double() * 100, torch.rand(5, 2).double() * 100
    expected = np.stack([similarity(p.numpy(), target.numpy()) for p in points])
    assert np.allclose(similarity_transforms(points, target).numpy(), expected, atol=1e-9)


def test_the_mean_shape_is_symmetric():
    shape = np.array(MEAN_SHAPE)
    mirrored = shape[list(FLIP)] * [-1, 1] + [FRAME_SIZE - 1, 0]
    assert np.allclose(shape, mirrored, atol=0.02)


def test_a_face_in_its_box_fills_the_frame_as_kaggles_do():
    shape = np.array(MEAN_SHAPE, dtype=np.float32)
    five = shape[[RIGHT_EYE, LEFT_EYE, NOSE_TIP, MOUTH_RIGHT, MOUTH_LEFT]] * 1.3 + 30
    box = torch.from_numpy(box_from_five_points(five[None]))
    framed = move(frames_from_boxes(box), torch.from_numpy(shape * 1.3 + 30)[None])
    assert (framed - torch.from_numpy(shape)).abs().mean() < 2.0


class KnowsTheSpot(torch.nn.Module):
    """Finds the mean shape, shifted to where a picture's bright spot lies."""

    def forward(self, images):
        shape = mean_shape(images)
        return shape + (brightest(images) - shape[NOSE_TIP])[:, None]


def test_found_points_are_in_pixels_of_the_picture():
    centres = torch.tensor([[80.0, 90.0], [70.0, 84.0]])
    images = spots(centres, 160, spread=5.0).expand(-1, 3, -1, -1)
    for passes in (1, 2, 3):
        found = find_in_pictures(KnowsTheSpot(), images, BOXES[:2], passes)
        assert (found[:, NOSE_TIP] - centres).abs().max() < 0.3
    frames = spots(centres / 2, FRAME_SIZE, spread=3.0)
    assert (find_in_frames(KnowsTheSpot(), frames)[:, NOSE_TIP] - centres / 2).abs().max() < 0.3


@pytest.mark.parametrize("box", [[0.0, 0.0, 0.0, 10.0], [5.0, 5.0, 1.0, 9.0], [float("nan")] * 4])
def test_a_box_that_is_none_is_an_error(box):
    with pytest.raises(FacetrialError, match="face box"):
        frames_from_boxes(torch.tensor([box]))


class TestLooks:
    """What a transfer attack shows the victim instead of the picture."""

    images = torch.rand(3, 3, 20, 20)

    def test_shrunk_at_one_is_the_picture(self):
        torch.testing.assert_close(shrunk(self.images, torch.ones(3), torch.zeros(3, 2)), self.images)

    def test_shrunk_by_half_lies_where_it_was_put(self):
        small = shrunk(
            self.images, torch.full((3,), 0.5), torch.tensor([[-1.0, -1.0], [1.0, 1.0], [0.0, 0.0]])
        )
        halves = nn.functional.avg_pool2d(self.images, 2)
        torch.testing.assert_close(small[0, :, :10, :10], halves[0])
        torch.testing.assert_close(small[1, :, 10:, 10:], halves[1])
        torch.testing.assert_close(small[2, :, 5:15, 5:15], halves[2])
        assert small[0, :, 10:].abs().max() == 0
