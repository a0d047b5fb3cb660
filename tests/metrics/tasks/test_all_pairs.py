"""All pairs against each one counted by itself, and what is left without a person against doing without them."""

import numpy as np
import pytest

from facetrial.metrics.tasks import all_pairs as all_pairs
from facetrial.metrics.tasks.all_pairs import Sizes, count_all_pairs, leave_out_of_all_pairs
from facetrial.metrics.tasks.curves import threshold_grid
from facetrial.metrics.tasks.score_histogram import cells_of
from facetrial.statistics.left_out import Units
from tests.helpers import one_by_one
from tests.helpers.embedded import embedded_people


@pytest.fixture
def some() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Probes of five of six people, two of one of them, and a gallery in which they have one to four pictures."""
    embeddings, people, _, _ = embedded_people(6, 4)
    kept = np.delete(np.arange(24), [21, 22, 23, 5])
    places = np.array([17, 0, 1, 5, 8, 8, 19])
    probes = embeddings["attacked"][kept][places]
    return probes, places, embeddings["clean"][kept], people[kept]


@pytest.mark.parametrize("at_once", [1, 60, 1 << 21])
def test_every_pair_counts_as_its_couple_has_pairs(some, at_once, monkeypatch):
    monkeypatch.setattr(all_pairs, "_AT_ONCE", at_once)
    counts = count_all_pairs(*some)
    pairs = one_by_one.all_pairs(*some, once=False)
    weights = one_by_one.weights(pairs)
    for kind, genuine in ((counts.genuine, True), (counts.impostor, False)):
        chosen = [
            (int(cells_of(np.array(pair.similarity))), weight)
            for pair, weight in zip(pairs, weights, strict=True)
            if (pair.person == pair.other) == genuine
        ]
        cells, which = np.unique([cell for cell, _ in chosen], return_inverse=True)
        found = np.flatnonzero(kind)
        np.testing.assert_allclose(found, cells, atol=1)  # products of other shapes round otherwise
        expected = np.bincount(which, weights=[weight for _, weight in chosen])
        np.testing.assert_allclose(kind[found] / kind.sum(), expected, atol=1e-9)


def test_what_is_left_without_a_person_is_what_there_is_without_them(some):
    probes, places, gallery, people = some
    grid = threshold_grid(count_all_pairs(*some), 1e-3)
    found = leave_out_of_all_pairs(*some, grid)
    for person in range(6):
        kept, shown = people != person, people[places] != person
        moved = np.cumsum(kept) - 1
        without = count_all_pairs(probes[shown], moved[places[shown]], gallery[kept], people[kept])
        for own, rates in zip(found.kinds, without.rates(), strict=True):
            np.testing.assert_allclose(own.without[person], rates[grid], atol=1e-9)


def test_sizes_and_units_are_those_counted_one_by_one(some):
    found = leave_out_of_all_pairs(*some, np.array([1, 2]))
    pairs = one_by_one.all_pairs(*some, once=False)
    for kind, genuine in ((found.genuine, True), (found.impostor, False)):
        own = [pair for pair in pairs if (pair.person == pair.other) == genuine]
        assert kind.pairs == len(own)
        in_each = [sum(person in (pair.person, pair.other) for pair in own) for person in range(6)]
        assert kind.of_person.tolist() == in_each
    impostors = [(pair.person, pair.other) for pair in pairs if pair.person != pair.other]
    _, each = np.unique(impostors, axis=0, return_counts=True)
    sizes = Sizes.of(some[1], some[3])
    assert sizes.couples == len(each)
    assert sizes.inverse_of_couples == pytest.approx(np.mean(1 / each))
    expected = Units.of(np.ones(len(each)), each)
    assert found.impostor.units.worth == pytest.approx(expected.worth / 2, rel=0.05)


def test_rates_keep_to_the_pooled_ones_where_all_have_as_many():
    embeddings, people, _, _ = embedded_people(6, 4)
    everyone = np.arange(24)
    found = leave_out_of_all_pairs(
        embeddings["attacked"], everyone, embeddings["clean"], people, np.array([7])
    )
    for alike, pooled in zip(found.counts.rates(), found.pooled.rates(), strict=True):
        np.testing.assert_allclose(alike, pooled, atol=1e-12)
