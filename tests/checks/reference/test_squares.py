"""Squares: by scores alone they find what slopes would, in every norm that has them, within region and time."""

import time

import pytest
import torch

from facetrial.attacks.attack import Attack
from facetrial.attacks.black_box.square import Square
from facetrial.attacks.budgets.l2 import L2, RMS
from facetrial.attacks.budgets.linf import Linf
from facetrial.attacks.losses import Margin
from facetrial.checks.reference.search import ReferenceSearch
from facetrial.checks.reference.squares import paint
from facetrial.regions.regions import Everywhere
from tests.helpers.evidence import faces, sound

EVER = 1e12


def search_of(budget, region=None) -> ReferenceSearch:
    trial = Attack(region or Everywhere(), budget, Square(Margin(), 9))
    return ReferenceSearch(sound(), faces().batch(range(24)), trial, 0)


@pytest.mark.parametrize("budget", [Linf(24), L2(3.0), RMS(0.1)], ids=lambda budget: budget.norm)
def test_they_do_no_less_than_the_attack_of_that_name(budget):
    search = search_of(budget)
    assert paint(search, torch.arange(24), 100, EVER) == 100
    found = int(search.fooled().sum())
    assert float(budget.measure(search.best - search.images).max()) <= budget.limit * (1 + 1e-4)
    attacked = Attack(Everywhere(), budget, Square(Margin(), 100))(
        sound(), faces().batch(range(24)), 0
    ).images
    assert found >= max(9, int((sound()(attacked).argmax(1) != search.own).sum()))


def test_they_lie_in_the_region():
    class Corner(Everywhere):
        def __call__(self, landmarks, height, width, draws):
            mask = super().__call__(landmarks, height, width, draws)
            mask[..., 2:, :] = 0
            return mask

    for budget in (Linf(64), L2(2.0)):
        search = search_of(budget, Corner())
        before = search.furthest.clone()
        paint(search, torch.arange(24), 40, EVER)
        assert torch.equal(search.best[..., 2:, :], search.images[..., 2:, :])
        assert (search.furthest > before).all()


def test_they_ask_for_no_slope_and_what_is_fooled_asks_no_more():
    search = search_of(Linf(48))
    shown = []
    look = search.look
    search.look = lambda rows, pictures: (shown.append(len(rows)), look(rows, pictures))
    assert paint(search, torch.arange(24), 300, EVER) < 300
    assert shown == sorted(shown, reverse=True)
    assert len(shown) > 1
    assert search.fooled().all()


def test_none_is_shown_when_the_time_is_over():
    assert paint(search_of(Linf(8)), torch.arange(24), 100, time.monotonic() - 1) == 0
