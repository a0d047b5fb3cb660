"""A list of pairs, fold by fold, against scikit-learn and against trying every threshold."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score, roc_curve

from facetrial.metrics.tasks.pair_protocol import (
    best_threshold,
    names_as_numbers,
    parts_of,
    threshold_at,
    thresholds_by_part,
)
from tests.helpers.listed import judged, listed


@pytest.fixture(scope="module")
def made():
    return judged()


def test_the_best_threshold_is_the_best_of_all():
    similarities, same, _, _ = listed(1, 100)
    tried = np.concatenate([similarities, [-1, 1]])
    accuracies = [((similarities >= threshold) == same).mean() for threshold in tried]
    found = best_threshold(similarities, same)
    assert ((similarities >= found) == same).mean() == max(accuracies)
    assert best_threshold(
        np.array([0.1, 0.3, 0.7, 0.9]), np.array([False, False, True, True])
    ) == pytest.approx(0.5)
    assert best_threshold(np.array([0.4, 0.4]), np.array([True, False])) != 0.4


def test_no_pair_has_a_say_in_its_own_threshold():
    similarities, same, _, folds = listed(10, 30)
    thresholds = thresholds_by_part(similarities, same, folds)
    for fold in range(10):
        (threshold,) = np.unique(thresholds[folds == fold])
        assert threshold == best_threshold(similarities[folds != fold], same[folds != fold])


def test_a_single_fold_is_dealt_into_parts_and_it_is_said():
    _, same, _, folds = listed(1, 300)
    parts, said = parts_of(folds, same, split_seed=0)
    assert np.bincount(parts[same]).tolist() == np.bincount(parts[~same]).tolist() == [30] * 10
    assert "one fold" in said
    assert (parts == parts_of(folds, same, 0)[0]).all()
    assert (parts != parts_of(folds, same, 1)[0]).any()
    _, same, _, folds = listed(4, 20)
    parts, said = parts_of(folds, same, 0)
    assert (parts == folds).all()
    assert "4 folds" in said


def test_accuracy_is_of_every_pair_at_its_own_threshold(made):
    moved, attacked, same, thresholds, summary = made
    right = (moved["clean"] >= thresholds) == same
    assert summary.accuracy["clean"].value == pytest.approx(right.mean())
    assert summary.accuracy["clean"].n == 6000
    folds = right.reshape(10, -1).mean(1)
    assert [fold.clean.value for fold in summary.folds] == pytest.approx(folds.tolist())
    assert summary.standard_error == pytest.approx(folds.std(ddof=1) / 10**0.5)
    hit = ((moved["attacked"] >= thresholds) == same)[attacked]
    assert summary.accuracy["attacked"].value == pytest.approx(hit.mean())
    for figure in summary.accuracy.values():
        assert figure.low < figure.value < figure.high


def test_rates_are_those_of_scikit_learn(made):
    moved, attacked, same, _, summary = made
    fpr, tpr, _ = roc_curve(same, moved["clean"], drop_intermediate=False)
    assert summary.auroc["clean"] == pytest.approx(roc_auc_score(same, moved["clean"]), abs=1e-6)
    nearest = np.argmin(np.abs(fpr - (1 - tpr)))
    assert summary.eer["clean"].value == pytest.approx((fpr[nearest] + 1 - tpr[nearest]) / 2, abs=1e-3)
    for point in summary.points:
        far = point.wanted
        assert point.tar["clean"].value == pytest.approx(tpr[fpr <= far].max(), abs=1e-9)
        assert point.far["clean"].value == pytest.approx(fpr[fpr <= far].max(), abs=1e-9)
        passes = moved["attacked"] >= point.threshold
        assert point.tar["attacked"].value == pytest.approx(passes[attacked & same].mean())
        assert point.far["attacked"].value == pytest.approx(passes[attacked & ~same].mean())
        for figures in (point.tar, point.far):
            for figure in figures.values():
                assert 0 <= figure.low <= figure.value <= figure.high <= 1


def test_one_fold_has_too_few_impostors_for_a_thousandth():
    similarities, same, _, _ = listed(1, 300)
    assert threshold_at(similarities, same, 1e-3) is None
    assert threshold_at(similarities, same, 1e-2) is not None


def test_names_are_numbered_alike_on_both_sides():
    assert names_as_numbers(["Ann", "Bob"], ["Bob", "Cem"]).tolist() == [[0, 1], [1, 2]]
