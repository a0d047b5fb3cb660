"""Landmarks are found in pixels of the picture, by any number of passes."""

import torch

from facetrial.faces.frames import (
    FRAME_SIZE,
    mean_shape,
)
from facetrial.faces.landmark_names import NOSE_TIP
from facetrial.landmarks.inference import find_in_frames, find_in_pictures
from tests.helpers.spots import BOXES, brightest, spots


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
