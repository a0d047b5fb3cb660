"""What the parts of the reference share: budgets that are kept, goals that are told, and whose scores choose."""

from itertools import pairwise

import pytest
import torch

from facetrial.attacks.attack import Attack
from facetrial.attacks.budgets.l1 import L1
from facetrial.attacks.budgets.l2 import L2, RMS
from facetrial.attacks.budgets.linf import Linf
from facetrial.attacks.gradient.pgd import PGD
from facetrial.attacks.losses import Margin
from facetrial.checks.reference.search import ReferenceSearch, beyond, within_l1
from facetrial.defenses.bit_depth import BitDepth
from facetrial.defenses.build import defended
from facetrial.defenses.resize_pad import RandomResizePad
from facetrial.regions.regions import Everywhere
from tests.helpers.evidence import faces, pgd, sound

ROWS = torch.arange(6)


def of(budget=None, victim=None, region=None) -> ReferenceSearch:
    trial = Attack(region or Everywhere(), budget or Linf(16), PGD(Margin(), 1, 1.0))
    return ReferenceSearch(victim or sound(), faces().batch(range(6)), trial, 0)


@pytest.mark.parametrize(
    "budget", [Linf(8), L2(0.4), RMS(0.02), L1(6.0)], ids=lambda budget: f"{budget.norm}-{budget.limit:.3g}"
)
def test_whatever_is_added_is_cut_to_budget_region_and_range(budget):
    class Corner(Everywhere):
        def __call__(self, landmarks, height, width, draws):
            mask = super().__call__(landmarks, height, width, draws)
            mask[..., 4:, :] = 0
            return mask

    search = of(budget, region=Corner())
    noise = torch.randn(search.images.shape, generator=torch.Generator().manual_seed(0))
    for pictures in (
        search.within(ROWS, noise),
        search.moved(ROWS, search.images, noise * search.region, 0.5),
    ):
        change = pictures - search.images
        assert float(budget.measure(change).max()) <= budget.limit * (1 + 1e-5)
        assert torch.equal(pictures[..., 4:, :], search.images[..., 4:, :])
        assert change[..., :4, :].any()
        assert pictures.min() >= 0
        assert pictures.max() <= 1


def test_the_furthest_picture_is_kept():
    search = of()
    generator = torch.Generator().manual_seed(0)
    furthest = []
    for _ in range(5):
        search.look(ROWS[1:], search.within(ROWS[1:], torch.randn(5, 3, 16, 16, generator=generator)))
        furthest.append(search.furthest.clone())
    assert all((later >= before).all() for before, later in pairwise(furthest))
    expected = beyond(sound()(search.best), search.own, None, 0)
    assert torch.allclose(search.furthest[1:], expected[1:])
    assert torch.equal(search.best[0], search.images[0])
    assert search.standing(ROWS).tolist() == (search.furthest <= 0).nonzero()[:, 0].tolist()


def test_the_victim_itself_is_asked_once_a_step_and_a_defence_that_declares_a_slope_twice():
    asked = []
    victim = sound()
    with torch.no_grad():
        for front, times in (([], 1), ([BitDepth(4)], 2)):
            search = of(victim=defended(victim, front) if front else victim)
            hook = victim.embedder.register_forward_hook(lambda *_: asked.append(1))
            search.slope(ROWS, search.images, None)
            hook.remove()
            assert len(asked) == times
            asked.clear()


def test_who_draws_is_judged_by_what_an_attacker_sees():
    assert of(victim=defended(sound(), [RandomResizePad(0.8, seed=0, samples=2)])).by_view
    assert not of(victim=defended(sound(), [BitDepth(4)])).by_view


def test_a_verdict_is_the_victims_own():
    search = of()
    assert not search.fooled().any()
    search.look(ROWS[:4], pgd(eps=64)(sound(), faces().batch(range(4)), 0).images)
    assert search.fooled().tolist() == [True] * 4 + [False] * 2
    search.best[0] = search.images[0]  # as if what the attacker sees had been wrong of it
    assert search.fooled().tolist() == [False] + [True] * 3 + [False] * 2


def test_how_far_scores_are_beyond_the_goal():
    scores = torch.tensor([[3.0, 1.0, 2.0], [0.0, 4.0, 9.0]])
    own = torch.tensor([0, 1])
    assert beyond(scores, own, None, 0).tolist() == [-1.0, 5.0]
    assert beyond(scores, own, torch.tensor([1, 2]), 0).tolist() == [-2.0, 5.0]
    assert beyond(scores, own, None, 1).tolist() == [-2.0, -9.0]  # the last column is an abstention


def test_the_nearest_change_of_a_norm_in_l1():
    change = torch.tensor([3.0, -1.0, 0.0, 0.5]).reshape(1, 1, 2, 2)
    assert within_l1(change, torch.tensor(2.0)).flatten().tolist() == [2.0, 0.0, 0.0, 0.0]
    assert within_l1(change, torch.tensor(3.0)).flatten().tolist() == pytest.approx([2.5, -0.5, 0.0, 0.0])
    assert torch.equal(within_l1(change, torch.tensor(4.5)), change)
