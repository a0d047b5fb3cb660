"""A stand-in that lies beside the defence is found; those that are near to theirs, in place, pass."""

import pytest
import torch
from torch import Tensor

from facetrial.attacks.attack import Attack
from facetrial.attacks.black_box.noise import Gaussian
from facetrial.attacks.budgets.l2 import RMS
from facetrial.checks.apart.in_place import ViewInPlace
from facetrial.checks.base import Outcome
from facetrial.checks.true_slopes import TrueSlopes
from facetrial.defenses.bit_depth import BitDepth
from facetrial.defenses.blur import GaussianBlur, MedianBlur
from facetrial.defenses.build import defended
from facetrial.defenses.jpeg import JPEG
from facetrial.defenses.transform import InputTransform
from facetrial.regions.regions import Everywhere
from tests.helpers.evidence import evidence_of, pgd, sound


class Rounded(InputTransform):
    """Blurs and rounds; what it declares in its place blurs and then moves, or mirrors."""

    has_slope = False

    def __init__(self, declared) -> None:
        self.declared = declared

    def transform(self, images: Tensor) -> Tensor:
        return GaussianBlur(0.8).transform(images).mul(12).round().div(12)

    def stand_in(self, images: Tensor) -> Tensor:
        return self.declared(GaussianBlur(0.8).transform(images))


def trial_behind(*defenses):
    return evidence_of(defended(sound(), defenses), pgd(eps=16))


def looked(*defenses) -> Outcome:
    return ViewInPlace()(evidence_of(defended(sound(), defenses), pgd(steps=1)))


@pytest.mark.parametrize(
    ("declared", "undone"),
    [
        (lambda images: images.roll((2, 2), (-2, -1)), "moved by (2, 2) pixels"),
        (lambda images: images.roll((-4, 0), (-2, -1)), "moved by (0, -4) pixels"),
        (lambda images: images.flip(-1), "mirrored"),
        (lambda images: images.flip(-2), "upside down"),
    ],
)
def test_a_stand_in_beside_its_defence_is_found(declared, undone):
    outcome = looked(Rounded(declared))
    assert outcome.passed is False, outcome
    assert f"when these are {undone}" in outcome.detail
    assert "Rounded" in outcome.detail
    assert "stand_in" in outcome.remedy


def test_it_makes_attacks_weak_and_true_slopes_lets_it_pass():
    moved = trial_behind(Rounded(lambda images: images.roll((2, 2), (-2, -1))))
    straight = trial_behind(Rounded(lambda images: images))
    shares = [found.rows["correct_attacked"].mean() for found in (straight, moved)]
    assert shares[1] > shares[0] + 0.15
    assert TrueSlopes()(moved).passed


@pytest.mark.parametrize(
    "defense",
    [
        Rounded(lambda images: images),
        BitDepth(2),
        BitDepth(4),
        JPEG(75),
        JPEG(30),
        JPEG(10),
        MedianBlur(3),
        MedianBlur(5),
        GaussianBlur(1.5),
    ],
)
def test_what_is_near_to_its_defence_passes(defense):
    outcome = looked(defense)
    assert outcome.passed, outcome


def test_two_defences_pass_together():
    assert looked(BitDepth(4), JPEG(50)).passed


def test_it_does_not_apply_where_nothing_is_declared_or_nobody_asks():
    assert looked().passed is None
    noise = Attack(Everywhere(), RMS(0.1), Gaussian())
    assert ViewInPlace()(evidence_of(defended(sound(), [BitDepth(4)]), noise)).passed is None


def test_where_there_is_no_slope_another_check_tells():
    def nothing(images: Tensor) -> Tensor:
        return images.detach() + torch.zeros_like(images)

    found = evidence_of(defended(sound(), [Rounded(lambda images: images)]), pgd(steps=1))
    found.victim = defended(sound(), [Rounded(nothing)])
    assert ViewInPlace()(found).passed is None
