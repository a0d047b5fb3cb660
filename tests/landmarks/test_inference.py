"""Landmarks are found in pixels of the picture, in whatever frame."""

import torch

from facetrial.faces.frames import (
    FRAME_SIZE,
    mean_shape,
)
from facetrial.faces.landmark_names import NOSE_TIP
from facetrial.landmarks import inference
from facetrial.landmarks.inference import find_in_frames, find_in_pictures
from facetrial.landmarks.network import LandmarkNetwork
from tests.helpers.spots import BOXES, brightest, spots


class KnowsTheSpot(torch.nn.Module):
    """Finds the mean shape, shifted to where a picture's bright spot lies."""

    def forward(self, images):
        shape = mean_shape(images)
        return shape + (brightest(images) - shape[NOSE_TIP])[:, None]


def test_found_points_are_in_pixels_of_the_picture():
    centres = torch.tensor([[80.0, 90.0], [70.0, 84.0]])
    images = spots(centres, 160, spread=5.0).expand(-1, 3, -1, -1)
    found = find_in_pictures(KnowsTheSpot(), images, BOXES[:2])
    assert (found[:, NOSE_TIP] - centres).abs().max() < 0.3
    frames = spots(centres / 2, FRAME_SIZE, spread=3.0)
    assert (find_in_frames(KnowsTheSpot(), frames)[:, NOSE_TIP] - centres / 2).abs().max() < 0.3


def test_bfloat16_changes_no_landmark(monkeypatch):
    torch.manual_seed(0)
    network, frames = LandmarkNetwork((8, 8, 8, 8), width=8, hidden=8).eval(), torch.rand(4, 1, 96, 96)
    found = []
    for enabled in (True, False):
        monkeypatch.setattr(inference, "computes_in_bfloat16", lambda device, use=enabled: use)
        found.append(find_in_frames(network, frames))
    assert 0 < (found[0] - found[1]).abs().max() < 0.1
    assert found[0].dtype == torch.float32
