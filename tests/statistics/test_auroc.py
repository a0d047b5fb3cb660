"""The area under a ROC curve: against scikit-learn, its variance against a jackknife over people, and the truth."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from facetrial.core.errors import FacetrialError
from facetrial.statistics.auroc import auroc_over_people, hanley_mcneil


def drawn(people=12, pictures=9, likeness=0.3, seed=0):
    generator = np.random.default_rng(seed)
    index = np.repeat(np.arange(people), pictures)
    clean, attacked = (
        np.sqrt(likeness) * generator.standard_normal(people)[index]
        + np.sqrt(1 - likeness) * generator.standard_normal(len(index))
        for _ in range(2)
    )
    return clean, attacked + 1.0, index


def test_the_area_is_that_of_scikit_learn():
    clean, attacked, people = drawn()
    clean, attacked = clean.round(1), attacked.round(1)  # with ties
    expected = roc_auc_score(np.repeat([0, 1], len(clean)), np.concatenate([clean, attacked]))
    assert auroc_over_people(clean, attacked, people).value == pytest.approx(expected)


def test_it_is_as_wide_as_a_jackknife_over_people_says():
    clean, attacked, people = drawn(60, 6)
    found = auroc_over_people(clean, attacked, people)
    left_out = [
        auroc_over_people(clean[people != k], attacked[people != k], people[people != k]).value
        for k in range(60)
    ]
    error = np.sqrt(59 / 60 * np.sum((np.array(left_out) - np.mean(left_out)) ** 2))
    assert found.high - found.low == pytest.approx(4 * error, rel=0.1)


@pytest.mark.parametrize(("people", "pictures", "likeness"), [(8, 16, 0.15), (20, 8, 0.3), (5, 57, 0.15)])
def test_it_holds_the_truth(people, pictures, likeness):
    truth, held = 0.7602, 0  # normal, one apart: the chance that one is above the other is Phi(1 / sqrt 2)
    for seed in range(400):
        found = auroc_over_people(*drawn(people, pictures, likeness, seed))
        held += found.low <= truth <= found.high
    assert held >= 0.9 * 400


def test_independent_pictures_vary_as_hanley_and_mcneil_say():
    areas = [auroc_over_people(*drawn(40, 1, 0.0, seed)).value for seed in range(600)]
    assert np.var(areas) == pytest.approx(hanley_mcneil(0.76, 40), rel=0.2)


def test_ties_count_by_half():
    same = np.ones(10)
    assert auroc_over_people(same, same, np.arange(10)).value == 0.5


def test_the_interval_holds_the_truth_and_has_a_width():
    held = 0
    truth = 0.7602  # normal, one apart: the chance that one is above the other is Phi(1 / sqrt 2)
    generator = np.random.default_rng(0)
    for _ in range(100):
        people = np.repeat(np.arange(30), 2)
        clean, attacked = generator.normal(0, 1, 60), generator.normal(1, 1, 60)
        found = auroc_over_people(clean, attacked, people)
        held += found.low <= truth <= found.high
    assert held >= 90
    apart = auroc_over_people(np.zeros(20), np.ones(20), np.arange(20))
    assert apart.value == apart.high == 1.0
    assert 0.8 < apart.low < 1.0


def test_nothing_is_no_figure():
    found = auroc_over_people(np.zeros(0), np.zeros(0), np.zeros(0))
    assert np.isnan(found.value)
    assert (found.low, found.high, found.n) == (0.0, 1.0, 0)


def test_other_pictures_are_refused():
    with pytest.raises(FacetrialError, match="same pictures"):
        auroc_over_people(np.zeros(3), np.zeros(4), np.zeros(3))
