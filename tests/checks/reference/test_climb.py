"""Up the slopes: about as strong as PGD at the same steps, and over when its time is."""

import time

import pytest
import torch

from facetrial.attacks.attack import Attack
from facetrial.attacks.budgets.l2 import L2
from facetrial.attacks.budgets.linf import Linf
from facetrial.attacks.gradient.pgd import PGD
from facetrial.attacks.losses import Margin
from facetrial.checks.reference.climb import climb, starts_of, turned_to
from facetrial.checks.reference.search import ReferenceSearch
from facetrial.regions.regions import Everywhere
from tests.helpers.evidence import faces, sound

EVER = 1e12


def search_of(budget, victim=None, count: int = 24) -> ReferenceSearch:
    trial = Attack(Everywhere(), budget, PGD(Margin(), 1, 1.0))
    return ReferenceSearch(victim or sound(), faces().batch(range(count)), trial, 0)


@pytest.mark.parametrize("budget", [Linf(16), L2(1.2)], ids=lambda budget: budget.norm)
def test_one_start_does_about_as_much_as_pgd(budget):
    search = search_of(budget)
    steps, kept = climb(search, torch.arange(24), 0, 20, EVER)
    attacked = Attack(Everywhere(), budget, PGD(Margin(), 20, 0.25))(
        sound(), faces().batch(range(24)), 0
    ).images
    by_pgd = int((sound()(attacked).argmax(1) != search.own).sum())
    assert 0 < by_pgd < 24
    assert int(search.fooled().sum()) >= by_pgd - 1
    assert steps == 20
    assert len(kept) == 24


def test_starts_turn_to_the_two_nearest():
    search = search_of(Linf(16))
    others = search.clean.scatter(1, search.own[:, None], -torch.inf).argsort(1, descending=True)
    assert starts_of(search) == 3
    assert turned_to(search, 0) is None
    assert torch.equal(torch.stack([turned_to(search, start) for start in (1, 2)], 1), others[:, :2])
    search.clean = search.clean[:, :2]  # of two people there is but one other
    search.own = search.own % 2
    assert torch.equal(turned_to(search, 1), turned_to(search, 2))


def test_no_step_is_taken_when_the_time_is_over():
    assert climb(search_of(Linf(1)), torch.arange(24), 0, 20, time.monotonic())[0] == 0


def test_pictures_for_which_the_time_will_not_do_are_given_up():
    """A step takes 10 ms a picture, so that all 20 steps on 12 take 2.5 s, and the time does for half of them."""

    class Slow(type(sound())):
        def forward(self, images):
            time.sleep(0.01 * len(images))
            return super().forward(images)

    slow = Slow(sound().embedder, sound().head, sound().names).freeze()
    search = search_of(Linf(1), slow, 12)
    begun = time.monotonic()
    steps, kept = climb(search, torch.arange(12), 0, 20, begun + 1.2)
    assert steps >= 12
    assert 6 <= len(kept) < 12
    assert time.monotonic() - begun < 2.0
    steps, kept = climb(search, torch.arange(12), 1, 20, time.monotonic() + 0.4)
    assert steps < 10  # of a later start less is done, and nobody is given up
    assert len(kept) == 12
