"""Faces cut to Kaggle's frame."""

import torch

from facetrial.data.framed import FramedFaces
from facetrial.data.synthetic import SyntheticFaces
from facetrial.faces.frames import MEAN_SHAPE


def test_drawn_faces_fill_the_frame():
    data = FramedFaces(SyntheticFaces(people=2, pictures=6, pictures_min=5, size=112, batch_size=4))
    data.setup()
    assert data.synthetic
    landmarks = data.train_frames.landmarks
    assert data.train_frames.images.shape[1:] == (1, 96, 96)
    assert (landmarks.mean(0) - torch.tensor(MEAN_SHAPE)).abs().mean() < 8
