"""Squares that are proposed: where they lie, how large they are, and what they spend of the budget."""

import torch

from facetrial.attacks.black_box.square_proposals import (
    L2Proposals,
    LinfProposals,
    corners,
    square_side,
    windows,
)
from facetrial.attacks.budgets.l2 import L2
from facetrial.attacks.budgets.linf import Linf
from facetrial.attacks.goals import Criterion
from facetrial.attacks.problem import Problem
from facetrial.attacks.result import Counts
from facetrial.core.randomness import Draws
from tests.helpers.trained import SIZE


def problem(region: torch.Tensor, budget) -> Problem:
    count = len(region)
    images = torch.rand(count, 3, SIZE, SIZE)
    rows = torch.arange(count)
    draws = Draws(0, rows)
    criterion = Criterion(torch.zeros(count, dtype=torch.int64))
    landmarks, files = torch.full((count, 15, 2), torch.nan), [str(i) for i in range(count)]
    return Problem(
        None, None, criterion, images, region, budget, landmarks, draws, files, Counts.of(rows), rows
    )


def test_linf_moves_every_value_as_far_as_it_may():
    region = torch.ones(4, 1, SIZE, SIZE)
    region[:, :, :, ::2] = 0.5
    given = problem(region, Linf(10))
    current = LinfProposals().start(given)
    for step in range(5):
        current = LinfProposals().change(given, current, 0.1, step)
    low = given.budget.project(given.images, given.images - 1, region)
    high = given.budget.project(given.images, given.images + 1, region)
    assert ((current == low) | (current == high)).all()


def test_each_linf_proposal_changes_one_square_and_something_in_it():
    given = problem(torch.ones(6, 1, SIZE, SIZE), Linf(10))
    before = LinfProposals().start(given)
    for step in range(30):
        after = LinfProposals().change(given, before, 0.01, step)
        changed = (after != before).any(1)
        assert changed.flatten(1).any(1).all()
        rows, columns = changed.any(2), changed.any(1)
        assert (rows.sum(1) <= 2).all()  # the root of 1 % of 400 pixels
        assert (columns.sum(1) <= 2).all()
        before = after


def test_l2_spends_the_whole_budget_before_clipping():
    given = problem(torch.ones(4, 1, SIZE, SIZE), L2(1.0))
    given.images = 0.4 + 0.2 * given.images  # nothing is clipped
    current = L2Proposals().start(given)
    for step in range(10):
        norm = (current - given.images).flatten(1).norm(dim=1)
        torch.testing.assert_close(norm, torch.ones(4), rtol=1e-4, atol=0)
        current = L2Proposals().change(given, current, 0.1, step)


def test_squares_lie_evenly_over_all_places_that_meet_the_region():
    region = torch.zeros(1, 1, 6, 7)
    region[0, 0, 2, 3] = 1
    count = 4000
    chance = Draws(0, torch.arange(count)).uniform((1,), "test")[:, 0]
    side = torch.full((count,), 2)
    for area, places in ((region, 4), (torch.ones_like(region), 5 * 6)):
        many = area.expand(count, -1, -1, -1)
        top, left = corners(many, side, chance)
        counts = torch.bincount(top * 7 + left)
        assert (counts > 0).sum() == places
        assert counts[counts > 0].min() > 0.7 * count / places
        assert (windows(many, side, chance) & (many > 0)).flatten(1).any(1).all()


def test_a_square_covers_its_share_of_the_region():
    region = torch.zeros(2, 1, 20, 20)
    region[0, :, :10] = 1  # 200 pixels
    region[1, 0, 0, 0] = 1
    assert square_side(region, 0.5).tolist() == [10, 1]
    assert square_side(torch.ones(1, 1, 20, 20), 1.0).tolist() == [19]
