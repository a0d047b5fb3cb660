"""Transfer: the surrogate alone is asked, and sees its own crop of every picture."""

import numpy as np
import pytest
import torch
from torch import nn

from facetrial.attacks.attack import Attack
from facetrial.attacks.black_box.noise import Gaussian
from facetrial.attacks.budgets.linf import Linf
from facetrial.attacks.goals import Criterion, Impersonation
from facetrial.attacks.gradient.apgd import APGD, TargetedAPGD
from facetrial.attacks.gradient.pgd import PGD
from facetrial.attacks.losses import CrossEntropy, Margin
from facetrial.attacks.sequence import OneAfterAnother
from facetrial.attacks.surrogate import Surrogate, View, maps_between
from facetrial.core.errors import FacetrialError
from facetrial.faces.batch import FaceDataset
from facetrial.regions.regions import Everywhere
from tests.helpers.victims import Linear, known_faces, trained


class Untouchable(nn.Module):
    """A victim that must not be asked."""

    def __init__(self):
        super().__init__()
        self.eval()

    def forward(self, images):
        pytest.fail("the victim was asked")


def half(faces) -> Surrogate:
    """Who sees the left half of each picture, shrunk to 16 x 8 and stretched to 16 x 16: x doubled, y as it is."""
    twice = np.array([[2.0, 0.0, 0.5], [0.0, 1.0, 0.0]])
    return Surrogate(trained(), {key: twice for key in faces.pictures.tolist()}, size=16)


METHODS = [
    PGD(
        CrossEntropy(), 10, 0.2, momentum=1.0, di_prob=0.5, ti_kernel=3, random_start=False, early_stop=False
    ),
    PGD(Margin(), 10, 0.2, at_once=5),
    APGD(Margin(), 10, at_once=5),
    TargetedAPGD(Margin(), 10, targets=2, at_once=5),
    OneAfterAnother({"one": APGD(Margin(), 10)}),
]


@pytest.mark.parametrize("fast", [True, False])
@pytest.mark.parametrize("method", METHODS, ids=lambda method: type(method).__name__)
@pytest.mark.parametrize("goal", [None, Impersonation("nearest")], ids=["dodging", "impersonation"])
def test_only_the_surrogate_is_asked_and_the_goal_gets_nearer_in_its_eyes(goal, method, fast):
    faces = known_faces(12)
    surrogate = half(faces)
    attack = Attack(Everywhere(), Linf(20), method, goal, fast=fast, surrogate=surrogate)
    attacked = attack(Untouchable(), faces, seed=0)
    view = surrogate.view(faces.pictures)
    everyone = torch.arange(12)
    before, after = (trained()(view(everyone, images)) for images in (faces.images, attacked.images))
    criterion = Criterion(faces.identities, attacked.targets)
    gain = criterion.adversarial_margin(after) - criterion.adversarial_margin(before)
    assert gain[criterion.adversarial_margin(before) < 0].min() > -1e-3
    assert gain.mean() > 0.3


def test_only_what_the_surrogate_sees_is_changed():
    faces = known_faces(6)
    method = PGD(Margin(), 5, 0.25, random_start=False, early_stop=False)
    attacked = Attack(Everywhere(), Linf(20), method, surrogate=half(faces))(Untouchable(), faces, seed=0)
    change = (attacked.images - faces.images).abs().amax((0, 1, 2))
    assert change[:8].min() > 0
    assert change[9:].max() == 0  # its crop ends at the middle


def test_what_is_found_on_a_copy_of_the_victim_fools_the_victim():
    faces = known_faces(30)
    attack = Attack(Everywhere(), Linf(24), PGD(Margin(), 10, 0.25), surrogate=Surrogate(trained()))
    attacked = attack(Untouchable(), faces, seed=0)
    assert (trained()(attacked.images).argmax(1) != faces.identities).float().mean() > 0.8


def test_a_view_is_differentiable_and_puts_pixels_where_the_map_says():
    image = torch.ones(1, 3, 16, 16, requires_grad=True)
    view = View(torch.tensor([[[1.0, 0.0, 3.0], [0.0, 1.0, -2.0]]]), 16)
    crop = view(torch.tensor([0]), image)
    (gradient,) = torch.autograd.grad(crop[0, 1, 6, 8], image)
    assert gradient.nonzero().tolist() == [[0, 1, 8, 5]]  # (x, y) = (5, 8) goes to (8, 6)


def dataset(points: np.ndarray, boxes: np.ndarray) -> FaceDataset:
    count = len(points)
    return FaceDataset(
        pixels=np.zeros((count, 8, 8, 3), np.uint8),
        rows=np.arange(count),
        identities=np.zeros(count, np.int64),
        files=[f"a/{i}" for i in range(count)],
        names=["a"],
        landmarks=np.full((count, 15, 2), np.nan, np.float32),
        boxes=boxes.astype(np.float32),
        five_points=points.astype(np.float32),
    )


def test_the_map_between_two_crops_is_found_from_points_or_boxes():
    rng = np.random.default_rng(0)
    points = rng.uniform(20, 90, (2, 5, 2))
    boxes = np.array([[10.0, 12.0, 70.0, 90.0]] * 2)
    linear, shift = np.array([[0.7, 0.1], [-0.1, 0.7]]), np.array([3.0, -4.0])
    moved, stretched = points @ linear.T + shift, boxes * 2
    points[1], moved[1] = np.nan, np.nan
    own, other = dataset(points, boxes), dataset(moved, stretched)
    maps = maps_between(own, other)
    np.testing.assert_allclose(maps[own.pictures[0]], np.c_[linear, shift], atol=1e-4)
    # Edges doubled: pixel centres go from x to 2 x + 0.5.
    np.testing.assert_allclose(maps[own.pictures[1]], [[2, 0, 0.5], [0, 2, 0.5]], atol=1e-4)


class TestMistakes:
    def test_a_method_that_asks_nobody(self):
        with pytest.raises(FacetrialError, match=r"attack\.surrogate: the method Gaussian"):
            Attack(Everywhere(), Linf(8), Gaussian(), surrogate=Surrogate(trained()))

    def test_in_train_mode(self):
        with pytest.raises(FacetrialError, match="train mode"):
            Surrogate(Linear().train())

    def test_a_picture_without_a_crop(self):
        attack = Attack(Everywhere(), Linf(8), METHODS[1], surrogate=Surrogate(trained(), {}, 16))
        with pytest.raises(FacetrialError, match="no crop of 2 of 2 pictures"):
            attack(Untouchable(), known_faces(2), seed=0)

    def test_maps_without_size(self):
        with pytest.raises(FacetrialError, match="size"):
            Surrogate(trained(), {})
