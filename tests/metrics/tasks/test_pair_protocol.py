"""A list of pairs, fold by fold, against scikit-learn and against doing without each person."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score, roc_curve

from facetrial.metrics.tasks.pair_protocol import names_as_numbers, protocol_summary
from facetrial.metrics.tasks.pair_thresholds import parts_of, threshold_at
from facetrial.metrics.tasks.results import TooFew
from facetrial.statistics.left_out import Units, left_out_interval
from tests.helpers.listed import ABOUT, judged, listed


@pytest.fixture(scope="module")
def made():
    return judged()


def test_accuracy_is_of_every_pair_at_its_own_threshold(made):
    moved, attacked, same, _, thresholds, summary = made
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


def test_intervals_are_of_what_is_left_without_each_person(made):
    moved, _, same, people, thresholds, summary = made
    right = (moved["clean"] >= thresholds) == same
    without = np.array([right[~(people == who).any(1)].mean() for who in range(60)])
    sizes = np.unique(np.sort(people, axis=1), axis=0, return_counts=True)[1]
    expected = left_out_interval(float(right.mean()), without, 6000, Units.of(sizes, sizes))
    found = summary.accuracy["clean"]
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high))


def test_people_are_counted_with_what_they_weigh(made):
    _, attacked, _, people, _, summary = made
    for version, rows in (("clean", np.ones(6000, dtype=bool)), ("attacked", attacked)):
        sizes = np.array([(people[rows] == who).any(1).sum() for who in range(60)])
        assert summary.people[version] == 60
        assert summary.effective_people[version] == pytest.approx(sizes.sum() ** 2 / (sizes**2).sum())


def test_rates_are_those_of_scikit_learn(made):
    moved, attacked, same, _, _, summary = made
    fpr, tpr, _ = roc_curve(same, moved["clean"], drop_intermediate=False)
    assert summary.auroc["clean"].value == pytest.approx(roc_auc_score(same, moved["clean"]), abs=1e-6)
    expected = roc_auc_score(same[attacked], moved["attacked"][attacked])
    assert summary.auroc["attacked"].value == pytest.approx(expected, abs=1e-6)
    nearest = np.argmin(np.abs(fpr - (1 - tpr)))
    assert summary.eer["clean"].value == pytest.approx((fpr[nearest] + 1 - tpr[nearest]) / 2, abs=1e-3)
    for figures in (summary.auroc, summary.eer):
        for figure in figures.values():
            assert 0 <= figure.low < figure.value < figure.high <= 1


def test_thresholds_at_a_rate_are_those_of_the_other_folds(made):
    moved, attacked, same, _, _, summary = made
    folds = np.repeat(np.arange(10), 600)
    for point in summary.points:
        thresholds = np.empty(6000)
        for fold in range(10):
            others = folds != fold
            thresholds[~others] = threshold_at(moved["clean"][others], same[others], point.wanted)
        assert point.threshold == pytest.approx(thresholds.mean())
        for version, rows in (("clean", np.ones(6000, dtype=bool)), ("attacked", attacked)):
            passes = moved[version] >= thresholds
            assert point.tar[version].value == pytest.approx(passes[rows & same].mean())
            assert point.far[version].value == pytest.approx(passes[rows & ~same].mean())
        assert point.far["clean"].low < point.wanted < point.far["clean"].high
        for figures in (point.tar, point.far):
            for figure in figures.values():
                assert 0 <= figure.low <= figure.value <= figure.high <= 1


def test_one_fold_has_too_few_impostors_for_a_thousandth():
    similarities, same, people, folds = listed(1, 300)
    nobody, unknown = np.zeros(600, dtype=bool), np.full(600, np.nan)
    versions = {"clean": similarities, "attacked": unknown, "8bit": unknown}
    parts, _ = parts_of(folds, same, 0)
    found = protocol_summary(ABOUT, versions, nobody, same, people, folds, parts, np.full(600, 0.35))
    assert found.points[0].tar["clean"].n == 300
    assert found.points[1] == TooFew(1e-3, 3000, 300, None)
    assert list(found.points[0].tar) == list(found.auroc) == ["clean"]
    assert found.people["attacked"] == 0


def test_names_are_numbered_alike_on_both_sides():
    assert names_as_numbers(["Ann", "Bob"], ["Bob", "Cem"]).tolist() == [[0, 1], [1, 2]]
