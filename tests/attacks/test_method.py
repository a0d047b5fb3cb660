"""What a method is given of some of the pictures, and which methods may go by a proxy of low precision."""

from dataclasses import fields

import pytest
import torch

from facetrial.attacks.black_box.few_pixels import FewPixels
from facetrial.attacks.black_box.hop_skip_jump import HopSkipJump
from facetrial.attacks.black_box.noise import Gaussian
from facetrial.attacks.black_box.square import Square
from facetrial.attacks.budgets.linf import Linf
from facetrial.attacks.goals import Criterion
from facetrial.attacks.gradient.apgd import APGD
from facetrial.attacks.gradient.pgd import PGD
from facetrial.attacks.losses import Margin
from facetrial.attacks.problem import Problem
from facetrial.attacks.surrogate import View
from facetrial.core.randomness import Draws
from tests.helpers.victims import Linear


def test_of_a_part_every_field_is_the_pictures_own():
    victim, proxy, confirmer = Linear(), Linear(), Linear()
    whole = Problem(
        victim,
        proxy,
        Criterion(torch.tensor([3, 1, 2]), torch.tensor([0, 2, 1])),
        torch.rand(3, 3, 4, 4),
        torch.rand(3, 1, 4, 4),
        Linf(8).scaled(torch.tensor([0.1, 0.2, 0.3])),
        torch.rand(3, 15, 2),
        Draws(0, torch.tensor([7, 8, 9])),
        ["a", "b", "c"],
        View(torch.rand(3, 2, 3), 4),
        torch.rand(3, 3, 4, 4),
        confirmer,
        5,
    )
    rows = torch.tensor([2, 0])
    part = whole.select(rows)
    seen = {
        "victim": part.victim is victim,
        "proxy": part.proxy is proxy,
        "confirmer": part.confirmer is confirmer,
        "forward_passes": part.forward_passes == 5,
        "criterion": (part.criterion.identities.tolist(), part.criterion.targets.tolist())
        == ([2, 3], [1, 0]),
        "budget": torch.equal(part.budget.part.flatten(), torch.tensor([0.3, 0.1])),
        "draws": part.draws.pictures.tolist() == [9, 7],
        "files": part.files == ["c", "a"],
        "view": torch.equal(part.view.maps, whole.view.maps[rows]),
    }
    for name in ("images", "region", "landmarks", "start"):
        seen[name] = torch.equal(getattr(part, name), getattr(whole, name)[rows])
    assert all(seen.values()), seen
    assert seen.keys() == {field.name for field in fields(Problem)}
    assert len(part) == 2
    assert not part.certain


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        (PGD(Margin(), 1, 0.5), True),
        (APGD(Margin(), 1), True),
        (Square(Margin(), 9), False),
        (FewPixels(Margin()), False),
        (HopSkipJump(), False),
        (Gaussian(), False),
    ],
    ids=lambda value: type(value).__name__,
)
def test_slopes_may_be_of_low_precision_and_scores_that_are_compared_not(method, expected):
    assert method.takes_low_precision is expected
