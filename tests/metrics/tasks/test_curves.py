"""Curves of rates: places on them, and what is read there, against scikit-learn and closed forms."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from facetrial.metrics.tasks.curves import (
    areas,
    equal_error_rates,
    places_at,
    read_at,
    tails,
    threshold_grid,
)
from facetrial.metrics.tasks.score_histogram import CELLS, ScoreCounts, cells_of


@pytest.fixture
def scores() -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(0)
    return generator.normal(0.6, 0.15, 2000).clip(-1, 1), generator.normal(0.1, 0.15, 30000).clip(-1, 1)


def curves(scores) -> tuple[np.ndarray, np.ndarray]:
    counts = ScoreCounts.of(*scores)
    grid = threshold_grid(counts, 1e-5)
    step = np.searchsorted(grid, np.arange(CELLS), side="right")
    amounts = (np.bincount(step[cells_of(kind)], minlength=len(grid) + 1)[None] for kind in scores)
    accepted, falsely = (tails(of_kind.astype(float)) for of_kind in amounts)
    return accepted, falsely


def test_places_and_readings_agree():
    falsely = np.array([[1.0, 0.5, 0.1, 0.0], [1.0, 0.2, 0.2, 0.2]])
    places = places_at(falsely, 0.3)
    assert places.tolist() == pytest.approx([1.5, 0.875])
    assert read_at(falsely, places).tolist() == pytest.approx([0.3, 0.3])
    assert places_at(falsely, 0.01).tolist() == pytest.approx([2.9, 3.0])  # never so low: at the end


def test_where_nothing_is_left_nothing_is_told():
    falsely = np.array([[1.0, 0.5, 0.0], [np.nan, np.nan, np.nan]])
    places = places_at(falsely, 0.25)
    assert places[0] == pytest.approx(1.5)
    assert np.isnan(places[1])
    read = read_at(np.array([[1.0, 0.8, 0.6], [1.0, 1.0, 0.0]]), places)
    assert read[0] == pytest.approx(0.7)
    assert np.isnan(read[1])
    assert np.isnan(tails(np.zeros((1, 4)))).all()


def test_areas_and_equal_error_rates_of_curves_are_those_of_all_scores(scores):
    labels = np.repeat([1, 0], [len(kind) for kind in scores])
    accepted, falsely = curves(scores)
    assert areas(accepted, falsely)[0] == pytest.approx(
        roc_auc_score(labels, np.concatenate(scores)), abs=1e-3
    )
    expected = ScoreCounts.of(*scores).equal_error_rate()
    assert equal_error_rates(accepted, falsely)[0] == pytest.approx(expected, abs=2e-3)


def test_a_grid_holds_the_edges_that_are_asked_for(scores):
    counts = ScoreCounts.of(*scores)
    edge = counts.edge_at(0.0123)
    grid = threshold_grid(counts, 1e-5, [edge])
    assert edge in grid
    assert (np.diff(grid) > 0).all()
    assert len(grid) <= 97
