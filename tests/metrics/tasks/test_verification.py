"""Verification over all pairs against pairs counted one by one and scikit-learn's curves of them."""

import numpy as np
import pytest

from facetrial.metrics.tasks.results import BestThreshold, PairCounts, TooFew, Unavailable
from facetrial.metrics.tasks.score_histogram import CELLS
from facetrial.metrics.tasks.verification import verification_summary
from facetrial.trial.held_out import HeldOut
from tests.helpers import one_by_one
from tests.helpers.embedded import embedded_people, embedded_validation

SIZES = np.array([2, 3, 20, 6, 1, 9, *[4] * 24])  # pictures of each of 30 people


@pytest.fixture(scope="module")
def made():
    embeddings, identities, targets, centres = embedded_people(30, 20, spread=1.0)
    kept = np.concatenate([np.flatnonzero(identities == who)[:size] for who, size in enumerate(SIZES)])
    embeddings = {version: values[kept] for version, values in embeddings.items()}
    attackable = np.arange(len(kept)) % 5 > 0
    return embeddings, attackable, identities[kept], embedded_validation(centres, 5, 1.0), targets[kept]


@pytest.fixture(scope="module")
def summary(made):
    return verification_summary(*made)


@pytest.fixture(scope="module")
def pairs(made):
    """Of clean and attacked pictures."""
    embeddings, attackable, people, _, _ = made
    rows = np.flatnonzero(attackable)
    return {
        "clean": one_by_one.all_pairs(
            embeddings["clean"], range(len(people)), embeddings["clean"], people, once=True
        ),
        "attacked": one_by_one.all_pairs(
            embeddings["attacked"][rows], rows, embeddings["clean"], people, once=False
        ),
    }


def test_sizes(made, summary):
    _, attackable, people, _, _ = made
    assert summary.people == 29  # one has a single picture
    genuine = int((SIZES * (SIZES - 1) // 2).sum())
    n = SIZES.sum()
    assert summary.pairs["clean"] == PairCounts(genuine, n * (n - 1) // 2 - genuine)
    other = SIZES[people[attackable]]
    assert summary.pairs["attacked"] == PairCounts(int((other - 1).sum()), int((n - other).sum()))


@pytest.mark.parametrize("version", ["clean", "attacked"])
def test_every_figure_is_that_of_pairs_counted_one_by_one(summary, pairs, version):
    own = pairs[version]
    assert [type(point) for point in summary.points[2:]] == [TooFew]
    for point in summary.points[:2]:
        for figure, genuine in ((point.tar, True), (point.far, False)):
            value, pooled, n = one_by_one.accepted(own, point.threshold, genuine)
            assert figure.over_people[version].value == pytest.approx(value, abs=1e-9)
            assert figure.pooled[version] == pytest.approx(pooled, abs=1e-9)
            assert figure.over_people[version].n == n
            expected = one_by_one.effective_people(own, genuine)
            assert figure.effective_people[version] == pytest.approx(expected)
            assert 0 <= figure.over_people[version].low < value < figure.over_people[version].high <= 1
    for figure, count in ((summary.eer, one_by_one.equal_error_rate), (summary.auroc, one_by_one.area)):
        # Of scores in one cell the order is lost.
        assert figure.over_people[version].value == pytest.approx(count(own, alike=False), abs=1e-4)
        assert figure.pooled[version] == pytest.approx(count(own, alike=True), abs=1e-4)
    accuracy = summary.accuracy
    for at, alike in ((accuracy.right.over_people[version].value, 0), (accuracy.right.pooled[version], 1)):
        tar, far = (one_by_one.accepted(own, accuracy.threshold, genuine)[alike] for genuine in (True, False))
        assert at == pytest.approx((tar + 1 - far) / 2, abs=1e-9)


def test_who_has_many_pictures_weighs_no_more(summary):
    tar = summary.points[0].tar
    assert tar.people["clean"] == 29
    assert tar.effective_people["clean"] < 4
    assert tar.pooled["clean"] != pytest.approx(tar.over_people["clean"].value, abs=1e-3)


def test_thresholds_are_those_of_validation_pairs(made, summary):
    held_out = made[3]
    own = one_by_one.all_pairs(
        held_out.embeddings, range(150), held_out.embeddings, held_out.identities, once=True
    )
    fpr, tpr, _ = one_by_one.curve(own, alike=False)
    impostors = np.array([pair.similarity for pair in own if pair.person != pair.other])
    for point in summary.points[:2]:
        assert one_by_one.accepted(own, point.threshold, genuine=False)[0] <= point.wanted
        refused = impostors[impostors < point.threshold].max()
        assert one_by_one.accepted(own, refused, genuine=False)[0] > point.wanted
        assert point.threshold == pytest.approx(refused, abs=2 * 2 / CELLS)
    best = max(tpr - fpr)
    tar, far = (one_by_one.accepted(own, summary.accuracy.threshold, genuine)[0] for genuine in (True, False))
    assert tar - far == pytest.approx(best, abs=1e-9)


def test_no_test_picture_moves_a_threshold(made, summary):
    embeddings, attackable, people, held_out, targets = made
    turned = {version: values[:, ::-1].copy() for version, values in embeddings.items()}
    turned["clean"][0] = turned["clean"][5]
    other = verification_summary(turned, attackable, people, held_out, targets)
    assert [point.threshold for point in other.points] == [point.threshold for point in summary.points]
    assert other.accuracy.threshold == summary.accuracy.threshold
    assert other.points[0].far.over_people["clean"].value != summary.points[0].far.over_people["clean"].value


def test_impersonation_is_of_pairs_with_the_target(made, summary):
    embeddings, attackable, people, _, targets = made
    point = summary.points[0]
    hits: dict[tuple[int, int], list[bool]] = {}
    for row in np.flatnonzero(attackable):
        for other in np.flatnonzero(people == targets[row]):
            passed = embeddings["attacked"][row] @ embeddings["clean"][other] >= point.threshold
            hits.setdefault((people[row], targets[row]), []).append(bool(passed))
    figure = point.impersonation
    alone = [hit for own in hits.values() for hit in own]
    assert figure.over_people["attacked"].value == pytest.approx(
        np.mean([np.mean(own) for own in hits.values()])
    )
    assert figure.pooled["attacked"] == pytest.approx(np.mean(alone))
    assert figure.over_people["attacked"].n == len(alone)
    assert figure.over_people["attacked"].value > point.far.over_people["attacked"].value


def test_where_validation_pictures_are_too_few_it_is_said(made):
    embeddings, attackable, people, held_out, targets = made
    first = np.flatnonzero(np.diff(held_out.identities, prepend=-1))
    few = HeldOut(held_out.embeddings[first], held_out.identities[first])
    summary = verification_summary(embeddings, attackable, people, few, targets)
    assert [(point.needed, point.found) for point in summary.points[1:]] == [(3000, 435), (30_000, 435)]
    assert not isinstance(summary.points[0], TooFew)
    assert isinstance(summary.accuracy, Unavailable)
    alone = HeldOut(held_out.embeddings[:5], held_out.identities[:5])
    summary = verification_summary(embeddings, attackable, people, alone, targets)
    assert [point.found for point in summary.points] == [0, 0, 0]
    assert summary.eer.over_people["clean"].value > 0


def test_the_curve_rises_and_is_that_of_the_test_pictures(summary, pairs):
    curve = summary.curve
    fpr, tpr, _ = one_by_one.curve(pairs["clean"], alike=False)
    for far, figure in zip(curve.far, curve.clean, strict=True):
        assert figure.value == pytest.approx(tpr[fpr <= far * (1 + 1e-9)].max(), abs=2e-3)
    values = [point.value for point in curve.attacked]
    assert values == sorted(values)
    assert all(point.low <= point.value <= point.high for point in curve.attacked)


def test_the_histogram_reaches_from_the_lowest_to_the_highest(summary, pairs):
    histogram = summary.histogram
    weights = one_by_one.weights(pairs["clean"])
    for kind, genuine in (("genuine", True), ("impostor", False)):
        shares = getattr(histogram, kind)["clean"]
        assert len(shares) == len(histogram.similarity)
        assert sum(shares) == pytest.approx(1)
        mean = sum(
            weight * pair.similarity
            for weight, pair in zip(weights, pairs["clean"], strict=True)
            if (pair.person == pair.other) == genuine
        )
        assert np.dot(shares, histogram.similarity) == pytest.approx(mean, abs=0.01)


def test_without_an_attack_nothing_changes(made):
    embeddings, _, people, held_out, _ = made
    same = dict.fromkeys(("clean", "attacked", "8bit"), embeddings["clean"])
    summary = verification_summary(same, np.ones(len(people), dtype=bool), people, held_out)
    assert isinstance(summary.accuracy, BestThreshold)
    for found in (summary.eer, summary.auroc, summary.accuracy.right, summary.points[0].tar):
        for end in ("value", "low", "high"):
            both = (getattr(found.over_people[version], end) for version in ("attacked", "clean"))
            assert next(both) == pytest.approx(next(both), abs=1e-12)
    assert summary.points[0].impersonation is None


@pytest.mark.parametrize(
    ("identities", "attackable", "said"),
    [
        ([0, 1, 2, 3], [True] * 4, "no genuine pairs"),
        ([0, 0, 0, 0], [True] * 4, "no impostors"),
        ([0, 0, 1, 1], [False] * 4, "could be attacked"),
    ],
)
def test_what_cannot_be_told_is_said(made, identities, attackable, said):
    embeddings = dict.fromkeys(("clean", "attacked", "8bit"), np.eye(4, dtype=np.float32))
    found = verification_summary(embeddings, np.array(attackable), np.array(identities), made[3])
    assert said in found.unavailable
