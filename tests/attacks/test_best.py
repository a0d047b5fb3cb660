"""The best picture so far: what is kept, who counts as fooled, and what it costs."""

from dataclasses import replace

import pytest
import torch

from facetrial.attacks.best import Best
from tests.helpers.brightness import brightness_problem, with_brightness

BOTH = torch.arange(2)


def considered(best: Best, *brightness: float, rows: torch.Tensor = BOTH) -> None:
    shown = with_brightness(best.problem, *brightness)
    best.consider(rows, shown, best.problem.ask(rows, shown))


def first_pixels(best: Best) -> list[float]:
    return best.images[:, 0, 0, 0].tolist()


def test_the_nearest_to_the_goal_is_kept_whatever_comes_after():
    best = Best(brightness_problem())
    for brightness in ((0.3, 0.1), (0.45, 0.3), (0.4, 0.2)):
        considered(best, *brightness)
    assert first_pixels(best) == pytest.approx([0.45, 0.3])
    assert best.margin.tolist() == pytest.approx([-0.05, -0.2])
    assert best.problem.queries.tolist() == [3, 3]


def test_of_two_pictures_of_one_row_the_nearer_is_kept():
    best = Best(brightness_problem())
    considered(best, 0.45, 0.3, rows=torch.tensor([1, 1]))
    assert first_pixels(best) == pytest.approx([0.2, 0.45])
    assert best.problem.queries.tolist() == [0, 2]


def test_scores_that_are_no_numbers_keep_nothing():
    best = Best(brightness_problem())
    best.consider(BOTH, with_brightness(best.problem, 0.9, 0.9), torch.full((2, 2), torch.nan))
    assert first_pixels(best) == pytest.approx([0.2, 0.2])


def test_who_is_fooled_as_it_is_and_in_eight_bits_is_settled():
    # 0.5035 lies above the threshold, and 128/255, to which it is rounded, below.
    best = Best(brightness_problem(threshold=0.503))
    considered(best, 0.7, 0.5035)
    best.confirm(BOTH)
    assert best.fooled.tolist() == [True, False]
    assert best.problem.queries.tolist() == [1 + 2, 1 + 2]
    best.confirm(BOTH)  # nothing nearer has come: nobody is asked again
    assert best.problem.queries.tolist() == [3, 3]
    considered(best, 0.9, 0.6)
    best.confirm(BOTH)
    assert first_pixels(best) == pytest.approx([0.7, 0.6])
    assert best.fooled.tolist() == [True, True]


def test_before_a_victim_that_draws_nobody_is_fooled_for_good():
    problem = brightness_problem()
    best = Best(replace(problem, confirmer=problem.victim))
    considered(best, 0.9, 0.9)
    best.confirm(BOTH)
    assert not best.fooled.any()
    assert best.problem.queries.tolist() == [1, 1]


def test_what_a_proxy_scored_wrongly_is_set_right_by_the_victim():
    best = Best(brightness_problem())
    shown = with_brightness(best.problem, 0.4, 0.6)
    best.problem.ask(BOTH, shown)
    best.consider(BOTH, shown, torch.tensor([[0.0, 1.0]]).expand(2, 2))  # as a copy may score it
    assert best.margin.tolist() == [1.0, 1.0]
    best.settle(torch.tensor([0, 0, 1]))
    assert best.margin.tolist() == pytest.approx([-0.1, 0.1])
    assert best.problem.queries.tolist() == [2, 2]


def test_of_two_equal_pictures_of_one_row_one_is_written_whole():
    store = torch.zeros(4, 3, 2, 2)  # three rows, and what is no picture's
    shown = torch.arange(1.0, 6.0)[:, None, None, None].expand(5, 3, 2, 2)
    Best.write(store, torch.tensor([0, 1, 0, 1, 0]), torch.tensor([True, True, True, True, False]), shown)
    assert store[:3, 0, 0, 0].tolist() == [3, 4, 0]
