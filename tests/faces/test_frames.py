"""Frames: pixels and points move together, come back, and take their slopes with them."""

import numpy as np
import pytest
import torch
from torch import nn

from facetrial.core.errors import FacetrialError
from facetrial.data.photos.alignment import box_from_five_points, similarity
from facetrial.faces.frames import (
    FRAME_SIZE,
    MEAN_SHAPE,
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
from tests.helpers.spots import BOXES, brightest, spots


def test_points_come_back():
    to_frame = frames_from_boxes(BOXES)
    turned = similarity_transforms(torch.rand(3, 15, 2) * 160, mean_shape(BOXES))
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
