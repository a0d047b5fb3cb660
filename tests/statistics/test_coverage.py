"""Intervals of 95 % hold the truth: a few conditions of `benchmarks/coverage.py`, the worst among them."""

import numpy as np
import pytest

from benchmarks import coverage as simulation


@pytest.mark.parametrize(
    ("people", "pictures", "mean", "likeness"),
    [(12, 12, 0.8, 0.15), (20, 8, 0.8, 0.05), (8, 16, 0.95, 0.3), (5, 57, 0.98, 0.3)],
)
@pytest.mark.parametrize("figure", ["rate_over_people", "rate_of_people", "paired_difference"])
def test_figures_over_people(figure, people, pictures, mean, likeness):
    condition = simulation.Condition("", np.full(people, pictures), mean, likeness)
    held, _ = simulation.coverage(simulation.FIGURES[figure], condition, trials=800)
    assert held >= simulation.ENOUGH - 0.01  # of 800 trials


@pytest.mark.parametrize("figure", ["median_over_people", "mean_over_people"])
def test_figures_of_the_smallest_change(figure):
    condition = simulation.Condition("", np.full(20, 8), 0.5, 0.15)
    held, _ = simulation.coverage(simulation.FIGURES[figure], condition, trials=800)
    assert held >= simulation.ENOUGH - 0.01


def test_people_of_very_unequal_numbers():
    condition = simulation.Condition("", simulation.LFW, 0.9, 0.15)
    for figure in ("rate_over_people", "rate_of_people"):
        held, width = simulation.coverage(simulation.FIGURES[figure], condition, trials=600)
        assert held >= simulation.ENOUGH - 0.01
        assert width < 0.12


def test_it_would_notice():
    """Wilson's interval over people who differ, which takes their pictures as independent, holds it too rarely."""
    from facetrial.statistics.intervals import wilson

    def pooled(condition, generator):
        hits = generator.random(len(condition.people)) < condition.rates(generator)[condition.people]
        return wilson(int(hits.sum()), len(hits)), condition.mean

    condition = simulation.Condition("", np.full(12, 12), 0.8, 0.15)
    held, _ = simulation.coverage(pooled, condition, trials=400)
    assert held < 0.9
    assert not simulation.verdict([held])[1]
