"""Verification over all pairs against scikit-learn's curves of these pairs."""

import numpy as np
import pytest
from sklearn.metrics import roc_curve

from facetrial.metrics.tasks.results import PairCounts, TooFew
from facetrial.metrics.tasks.verification import verification_summary
from tests.helpers.embedded import embedded_people


@pytest.fixture(scope="module")
def made():
    return embedded_people(40, 6)


@pytest.fixture(scope="module")
def summary(made):
    embeddings, identities, targets, _ = made
    attackable = np.arange(len(identities)) % 5 > 0
    return verification_summary(embeddings, attackable, identities, targets)


def pairs_of(made, version, rows) -> tuple[np.ndarray, np.ndarray]:
    """Similarities of genuine and of impostor pairs of some pictures with all other clean ones."""
    embeddings, identities, _, _ = made
    similarities = embeddings[version][rows] @ embeddings["clean"].T
    same = identities[rows][:, None] == identities
    itself = rows[:, None] == np.arange(len(identities))
    return similarities[same & ~itself], similarities[~same]


def test_sizes(made, summary):
    assert summary.people == 40
    assert summary.pairs["clean"] == PairCounts(40 * 15, 240 * 234 // 2)
    assert summary.pairs["attacked"] == PairCounts(192 * 5, 192 * 234)


def test_thresholds_are_those_of_clean_pairs_and_stay(made, summary):
    attackable = np.flatnonzero(np.arange(240) % 5 > 0)
    clean, attacked = pairs_of(made, "clean", np.arange(240)), pairs_of(made, "attacked", attackable)
    labels = np.repeat([1, 0], [len(part) for part in clean])
    fpr, tpr, _ = roc_curve(labels, np.concatenate(clean), drop_intermediate=False)
    for point in summary.points[:2]:
        assert point.tar["clean"].value == pytest.approx(tpr[fpr <= point.wanted].max(), abs=5e-3)
        assert point.far["clean"].value <= point.wanted
        assert point.tar["attacked"].value == pytest.approx((attacked[0] >= point.threshold).mean(), abs=2e-3)
        assert point.far["attacked"].value == pytest.approx((attacked[1] >= point.threshold).mean(), abs=2e-3)
        assert point.tar["attacked"].value < point.tar["clean"].value
        for figure in (*point.tar.values(), *point.far.values(), *point.impersonation.values()):
            assert 0 <= figure.low <= figure.value <= figure.high <= 1


def test_impersonation_is_of_pairs_with_the_target(made, summary):
    embeddings, identities, targets, _ = made
    rows = np.flatnonzero(np.arange(240) % 5 > 0)
    point = summary.points[0]
    similarities = embeddings["attacked"][rows] @ embeddings["clean"].T
    chosen = similarities[targets[rows][:, None] == identities]
    assert point.impersonation["attacked"].value == pytest.approx(
        (chosen >= point.threshold).mean(), abs=5e-3
    )
    assert point.impersonation["attacked"].value > point.far["attacked"].value
    assert point.impersonation["attacked"].n == len(rows) * 6


def test_a_rate_with_too_few_impostors_is_not_made_up(summary):
    last = summary.points[-1]
    assert last.wanted == 1e-4
    assert summary.pairs["clean"].impostor < last.needed == 30_000
    assert isinstance(last, TooFew)


def test_the_curve_rises_and_holds_the_points(summary):
    curve = summary.curve
    point = summary.points[0]
    for version in ("clean", "attacked"):
        values = [figure.value for figure in getattr(curve, version)]
        at = np.interp(np.log(point.wanted), np.log(curve.far), values)
        assert at == pytest.approx(point.tar[version].value, abs=0.03)
    values = [point.value for point in curve.attacked]
    assert values == sorted(values)
    assert all(point.low <= point.value <= point.high for point in curve.attacked)


def test_the_histogram_reaches_from_the_lowest_to_the_highest(made, summary):
    histogram = summary.histogram
    clean = pairs_of(made, "clean", np.arange(240))
    for kind, similarities in zip(("genuine", "impostor"), clean, strict=True):
        shares = getattr(histogram, kind)["clean"]
        assert len(shares) == len(histogram.similarity)
        assert sum(shares) == pytest.approx(1)
        assert np.dot(shares, histogram.similarity) == pytest.approx(similarities.mean(), abs=0.01)
    assert histogram.similarity[0] > -1


def test_without_an_attack_nothing_changes(made):
    embeddings, identities, _, _ = made
    same = dict.fromkeys(("clean", "attacked", "8bit"), embeddings["clean"])
    summary = verification_summary(same, np.ones(len(identities), dtype=bool), identities)
    for figures in (summary.eer, summary.accuracy.by_version, summary.points[0].tar):
        for end in ("value", "low", "high"):
            assert getattr(figures["attacked"], end) == getattr(figures["clean"], end)
    assert summary.points[0].impersonation is None


@pytest.mark.parametrize(
    ("identities", "attackable", "said"),
    [
        ([0, 1, 2, 3], [True] * 4, "no genuine pairs"),
        ([0, 0, 0, 0], [True] * 4, "no impostors"),
        ([0, 0, 1, 1], [False] * 4, "could be attacked"),
    ],
)
def test_what_cannot_be_told_is_said(identities, attackable, said):
    embeddings = dict.fromkeys(("clean", "attacked", "8bit"), np.eye(4, dtype=np.float32))
    assert said in verification_summary(embeddings, np.array(attackable), np.array(identities)).unavailable
