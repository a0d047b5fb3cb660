"""An attack leaves pictures without landmarks alone and refuses pixels outside [0, 1]."""

import pytest
import torch
from torch import nn

from facetrial.attacks.attack import Attack
from facetrial.attacks.black_box.noise import Gaussian
from facetrial.attacks.budgets.l2 import RMS
from facetrial.attacks.budgets.linf import Linf
from facetrial.attacks.method import Method
from facetrial.attacks.problem import Problem
from facetrial.attacks.result import MethodResult
from facetrial.core.errors import FacetrialError
from facetrial.faces.batch import Faces
from facetrial.recognition.fast_copy import FastCopy
from facetrial.recognition.gallery_head import GalleryHead
from facetrial.recognition.victim import Victim
from facetrial.regions.regions import Discs, Everywhere
from tests.helpers.faces import some_faces
from tests.helpers.victims import Linear


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


class Notes(Method):
    """Attacks nothing and keeps the problem that it was given; writes into it where it is told to."""

    def __init__(self, scribbles: bool = False) -> None:
        self.scribbles = scribbles

    def __call__(self, problem: Problem) -> MethodResult:
        self.problem = problem
        if self.scribbles:
            problem.images.zero_()
            problem.region.zero_()
        return MethodResult(problem.images.clone(), torch.zeros(len(problem), dtype=torch.bool))


def victim_of(people: int = 3) -> Victim:
    embedder = nn.Sequential(nn.Conv2d(3, 4, 7, stride=7), nn.BatchNorm2d(4), nn.Flatten())
    size = embedder.eval()(torch.zeros(1, 3, 28, 28)).shape[1]
    return Victim(embedder, GalleryHead(torch.randn(people, size)), list("abc")).freeze()


def test_without_a_fast_copy_the_proxy_is_the_victim_itself():
    """Methods that find it so spare a query."""
    faces, victim = some_faces(2, size=28), victim_of()
    attack = Attack(Everywhere(), Linf(8), Notes(), fast=False)
    attack(victim, faces, seed=0)
    assert attack.method.problem.proxy is attack.method.problem.victim
    attack.fast = True
    attack(victim, faces, seed=0)
    assert isinstance(attack.method.problem.proxy, FastCopy)


def test_who_is_asked_for_another_range_is_the_victim_not_its_view_in_an_attack():
    faces, victim = some_faces(2, size=28), victim_of()
    attack = Attack(Everywhere(), Linf(8), Notes())
    attack(victim, faces, seed=0)
    attack.method.problem.victim(faces.images * 2)
    with pytest.raises(FacetrialError, match=r"\[0, 1\]"):
        victim(faces.images * 2)


@pytest.mark.parametrize("unknown", [[], [1]])
def test_a_method_that_writes_into_its_problem_leaves_the_clean_pictures_alone(unknown):
    faces = some_faces(3)
    faces.landmarks[unknown] = torch.nan
    clean = faces.images.clone()
    result = Attack(Discs("nose"), Linf(8), Notes(scribbles=True))(Linear(size=96).eval(), faces, seed=0)
    assert torch.equal(faces.images, clean)
    assert (result.region.flatten(1).amax(1) > 0).tolist() == result.attackable.tolist()
