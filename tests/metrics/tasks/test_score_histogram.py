"""Counts of similarities against scikit-learn, torchmetrics and closed forms."""

import numpy as np
import pytest
import torch
from sklearn.metrics import roc_auc_score, roc_curve
from torchmetrics.functional.classification import binary_eer, binary_roc

from facetrial.metrics.tasks.score_histogram import CELLS, ScoreCounts, cells_of, similarity_at


@pytest.fixture
def scores() -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(0)
    return generator.normal(0.6, 0.15, 2000).clip(-1, 1), generator.normal(0.1, 0.15, 30000).clip(-1, 1)


def test_cells_lie_between_their_edges():
    similarities = np.array([-1.0, -0.3, 0.0, 0.7, 1.0])
    cells = cells_of(similarities)
    assert cells[0] == 0
    assert cells[-1] == CELLS - 1
    for similarity, cell in zip(similarities[1:-1], cells[1:-1], strict=True):
        assert similarity_at(cell) - 1e-6 <= similarity <= similarity_at(cell + 1) + 1e-6


@pytest.mark.parametrize("far", [1e-2, 1e-3, 1e-4])
def test_rates_at_thresholds_are_those_of_scikit_learn(scores, far):
    genuine, impostor = scores
    counts = ScoreCounts.of(genuine, impostor)
    edge = counts.edge_at(far)
    accepted, falsely = counts.rates()
    labels = np.repeat([1, 0], [len(genuine), len(impostor)])
    rates, found, _ = roc_curve(labels, np.concatenate(scores), drop_intermediate=False)
    assert falsely[edge] == pytest.approx(rates[rates <= far].max(), abs=1e-12)
    # Scores that fall into one cell are one: no more than two of them here.
    assert accepted[edge] == pytest.approx(found[rates <= far].max(), abs=2 / len(genuine))
    # And it is the threshold itself that gives them.
    assert (impostor >= similarity_at(edge)).mean() == pytest.approx(falsely[edge], abs=1e-9)


def test_the_equal_error_rate_is_that_of_torchmetrics_and_of_two_normals(scores):
    counts = ScoreCounts.of(*scores)
    labels = torch.tensor([1, 0]).repeat_interleave(torch.tensor([len(s) for s in scores]))
    # torchmetrics takes what lies in [0, 1] for chances, and leaves it as it is
    chances = torch.from_numpy((np.concatenate(scores) + 1) / 2).double()
    assert counts.equal_error_rate() == pytest.approx(float(binary_eer(chances, labels)), abs=1e-4)
    fpr, tpr, _ = binary_roc(chances, labels)
    assert counts.rates()[0][::1000][1:-1].min() <= float(tpr.max())
    assert len(fpr) == len(tpr)
    # Midway between two normals of one spread; 0.25 lies 5/3 of it from both means.
    assert counts.equal_error_rate() == pytest.approx(0.0478, abs=0.006)


def test_the_best_threshold_lies_in_the_middle_of_what_is_as_good():
    counts = ScoreCounts.of(np.array([0.5, 0.8]), np.array([0.1, -0.2]))
    assert similarity_at(counts.best_edge()) == pytest.approx(0.3, abs=1e-5)
    assert counts.equal_error_rate() == 0


def test_the_area_is_that_of_scikit_learn_with_weights(scores):
    weights = [np.random.default_rng(1).random(len(kind)) for kind in scores]
    counts = ScoreCounts.none()
    counts.add(*map(cells_of, scores), *weights)
    labels = np.repeat([1, 0], [len(kind) for kind in scores])
    expected = roc_auc_score(labels, np.concatenate(scores), sample_weight=np.concatenate(weights))
    assert counts.area() == pytest.approx(expected, abs=1e-6)
    apart = ScoreCounts.none()
    apart.add(cells_of(scores[0] + 2), cells_of(scores[1] - 2), *weights)
    assert apart.area() == 1.0  # whatever sums of weights round to


def test_shares_are_those_of_numpy(scores):
    edges = np.arange(0, CELLS + 1, CELLS // 64)
    for found, similarities in zip(ScoreCounts.of(*scores).shares(edges), scores, strict=True):
        expected, _ = np.histogram(similarities, bins=64, range=(-1, 1))
        np.testing.assert_allclose(found, expected / len(similarities), atol=1e-12)


def test_a_pair_without_an_answer_is_the_last_to_be_accepted():
    """A recogniser that finds nobody gives no embedding."""
    assert cells_of(np.array([np.nan, -1.0, 1.0, 2.0])).tolist() == [0, 0, CELLS - 1, CELLS - 1]
    counts = ScoreCounts.of(np.array([0.9, np.nan]), np.array([0.1, np.nan]))
    assert counts.genuine.sum() == counts.impostor.sum() == 2
