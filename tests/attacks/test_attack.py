"""An attack leaves pictures without landmarks alone and refuses pixels outside [0, 1]."""

import pytest
import torch

from facetrial.attacks.attack import Attack
from facetrial.attacks.black_box.noise import Gaussian
from facetrial.attacks.budgets.l2 import RMS
from facetrial.core.errors import FacetrialError
from facetrial.faces.batch import Faces
from facetrial.regions.regions import Discs, Everywhere
from tests.helpers.faces import some_faces


def test_a_picture_without_landmarks_is_left_alone_and_said_so():
    faces = some_faces(3)
    faces.landmarks[1] = torch.nan
    result = Attack(Discs("nose"), RMS(0.02), Gaussian())(None, faces, seed=0)
    assert result.attackable.tolist() == [True, False, True]
    assert torch.equal(result.images[1], faces.images[1])
    assert not result.reached[1]


def test_images_outside_the_range_are_refused():
    faces = some_faces(1)
    attack = Attack(Everywhere(), RMS(0.1), Gaussian())
    with pytest.raises(FacetrialError, match=r"\[0, 1\].*divided by 255"):
        attack(None, faces.with_images(faces.images * 255), seed=0)
    with pytest.raises(FacetrialError, match=r"\[0, 1\]"):
        attack(None, faces.with_images(faces.images - 0.5), seed=0)
    with pytest.raises(FacetrialError, match="float32"):
        attack(None, faces.with_images(faces.images.double()), seed=0)


def test_not_a_number_is_refused():
    faces: Faces = some_faces(1)
    faces.images[0, 0, 0, 0] = torch.nan
    with pytest.raises(FacetrialError, match=r"\[0, 1\]"):
        Attack(Everywhere(), RMS(0.1), Gaussian())(None, faces, seed=0)
