"""What describes a face is the same in other light, and tells faces apart."""

import numpy as np
import torch

from facetrial.data.face_likeness import gradient_histograms, likeness
from facetrial.data.framed import Frames
from facetrial.data.landmark_augmentation import flip
from facetrial.data.photos.near_duplicates import most_alike
from tests.helpers.kaggle_rows import faces, planted


def test_histograms_do_not_hang_on_light():
    images = torch.from_numpy(faces(3)[0])[:, None] / 255.0
    found = gradient_histograms(images)
    darker = gradient_histograms(0.5 * images + 0.2)
    alike = np.corrcoef(np.concatenate([found.numpy(), darker.numpy()]))[:3, 3:]
    assert (alike.diagonal() > 0.99).all()
    assert alike[0, 1:].max() < 0.9


def test_a_ramp_votes_for_its_direction():
    ramp = torch.linspace(0, 1, 96).expand(1, 1, 96, 96)
    across, down = (gradient_histograms(one).unflatten(1, (9, -1)).sum(2)[0] for one in (ramp, ramp.mT))
    assert across.argmax() == 0
    assert down.topk(2).indices.sort().values.tolist() == [4, 5]  # 90 degrees lie between bins of 80 and 100


def test_copies_are_alike_and_strangers_are_not():
    frames, groups = planted(count=60, copies=8)  # enough to learn what all share
    vectors, _ = likeness(frames)
    assert vectors.shape == (480, 60)
    first, rest = np.arange(240), np.arange(240, 480)
    same = np.equal.outer(groups[first], groups[rest])
    has_copy = same.any(1)
    assert np.median(most_alike(vectors[first][has_copy], vectors[rest])) > 0.7
    strangers = [
        most_alike(vectors[[row]], vectors[rest][groups[rest] != groups[row]])[0] for row in first[:40]
    ]
    assert np.median(strangers) < 0.55


def test_a_few_faces_are_described_too():
    pictures, landmarks = faces(3)
    frames = Frames(torch.from_numpy(pictures)[:, None], torch.from_numpy(landmarks).float())
    frames.landmarks[1] = torch.nan
    assert all(np.isfinite(vectors).all() for vectors in likeness(frames))


def test_a_mirror_image_is_described_as_itself():
    pictures, landmarks = faces(10)  # of so few nothing is taken away
    frames = Frames(torch.from_numpy(pictures)[:, None], torch.from_numpy(landmarks).float())
    frames.landmarks[3] = torch.nan
    turned = likeness(Frames(*flip(frames.images, frames.landmarks)))
    for found, expected in zip(likeness(frames), turned[::-1], strict=True):
        np.testing.assert_allclose(found, expected, atol=5e-3)
