"""All pairs against each one counted by itself, and the resampling of people against itself and against truth."""

import numpy as np
import pytest

from facetrial.metrics.tasks import all_pairs as all_pairs
from facetrial.metrics.tasks.all_pairs import (
    count_all_pairs,
    interval_of,
    people_draws,
    places_at,
    read_at,
    resample_all_pairs,
    threshold_grid,
)
from facetrial.metrics.tasks.score_histogram import cells_of
from facetrial.statistics.intervals import wilson
from tests.helpers.embedded import embedded_people, unit


def one_by_one(probes, places, gallery, people) -> list[tuple[int, int, int]]:
    """(cell, person, other) of every pair but those of a picture with itself."""
    cells = cells_of(probes @ gallery.T)
    return [
        (int(cells[i, j]), int(people[place]), int(people[j]))
        for i, place in enumerate(places)
        for j in range(len(gallery))
        if j != place
    ]


@pytest.fixture
def some() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    embeddings, people, _, _ = embedded_people(6, 4)
    places = np.array([23, 0, 1, 5, 9, 9 + 4, 20])
    return embeddings["attacked"][places], places, embeddings["clean"], people


@pytest.mark.parametrize("at_once", [1, 60, 1 << 22])
def test_every_pair_counts_once(some, at_once, monkeypatch):
    monkeypatch.setattr(all_pairs, "_AT_ONCE", at_once)
    counts = count_all_pairs(*some)
    pairs = one_by_one(*some)
    for kind, same in (("genuine", True), ("impostor", False)):
        expected = sorted(cell for cell, person, other in pairs if (person == other) == same)
        found = getattr(counts, kind)
        cells = np.repeat(np.flatnonzero(found), found[found > 0])
        np.testing.assert_allclose(cells, expected, atol=1)  # products of other shapes may round differently


def test_resampled_rates_are_those_of_pairs_weighted_by_their_people(some, monkeypatch):
    monkeypatch.setattr(all_pairs, "RESAMPLES", 20)
    monkeypatch.setattr(all_pairs, "LEAST_RESAMPLES", 20)
    grid = threshold_grid(count_all_pairs(*some))
    result = resample_all_pairs(*some, grid, seed=3)
    draws = people_draws(6, 20, seed=3)
    pairs = np.array(one_by_one(*some))
    same = pairs[:, 1] == pairs[:, 2]
    weights = draws[:, pairs[:, 1]] * np.where(same, 1, draws[:, pairs[:, 2]])
    for kind, chosen in ((result.accepted, same), (result.falsely, ~same)):
        with np.errstate(invalid="ignore"):
            for k, edge in enumerate(grid):
                passed = weights[:, chosen] @ (pairs[chosen, 0] >= edge)
                np.testing.assert_allclose(kind[:, k], passed / weights[:, chosen].sum(1), atol=1e-6)
    assert result.people == 5  # one has no probe
    assert result.counts.pairs == (same.sum(), (~same).sum())


def test_places_and_readings_agree():
    falsely = np.array([[1.0, 0.5, 0.1, 0.0], [1.0, 0.2, 0.2, 0.2]])
    places = places_at(falsely, 0.3)
    assert places.tolist() == pytest.approx([1.5, 0.875])
    assert read_at(falsely, places).tolist() == pytest.approx([0.3, 0.3])
    assert places_at(falsely, 0.01).tolist() == pytest.approx([2.9, 3.0])  # never so low: at the end


def test_a_share_that_no_draw_can_move_still_has_an_interval():
    assert interval_of(1.0, np.ones(50), 4000, 20).low == pytest.approx(1 / (1 + 1.96**2 / 20), abs=1e-3)
    assert interval_of(0.5, np.linspace(0.4, 0.6, 101), 10, 5).low == pytest.approx(0.405)
    assert interval_of(np.nan, np.zeros(3), 0, 0).n == 0


def test_intervals_cover_the_truth_where_those_for_independent_pairs_do_not(monkeypatch):
    """People differ in how alike their pictures are. Over 300 such trials it was 95.7 % of intervals, against 57 %."""
    monkeypatch.setattr(all_pairs, "RESAMPLES", 200)
    truth, runs = 0.572, 40  # the TAR at a FAR of 1 %, from 3,000 such people
    covering = naive = 0
    for run in range(runs):
        generator = np.random.default_rng([7, run])
        spread = np.repeat(generator.uniform(0.2, 1.6, 40), 5)[:, None]
        embeddings, people, _, centres = embedded_people(40, 5, seed=run)
        clean = unit(centres[people] + spread * generator.normal(size=embeddings["clean"].shape) / 4)
        everyone = np.arange(len(clean))
        counts = count_all_pairs(clean, everyone, clean, people)
        result = resample_all_pairs(clean, everyone, clean, people, threshold_grid(counts))
        value, pairs = float(counts.rates()[0][counts.edge_at(1e-2)]), counts.pairs[0] // 2
        draws = read_at(result.accepted, places_at(result.falsely, 1e-2))
        found, alone = interval_of(value, draws, pairs, result.people), wilson(round(value * pairs), pairs)
        covering += found.low <= truth <= found.high
        naive += alone.low <= truth <= alone.high
    assert covering / runs >= 0.85
    assert naive / runs <= 0.75


def test_a_draw_of_one_person_alone_tells_nothing():
    falsely = np.array([[1.0, 0.5, 0.0], [np.nan, np.nan, np.nan]])
    places = places_at(falsely, 0.25)
    assert places[0] == pytest.approx(1.5)
    assert np.isnan(places[1])
    read = read_at(np.array([[1.0, 0.8, 0.6], [1.0, 1.0, 0.0]]), places)
    assert read[0] == pytest.approx(0.7)
    assert np.isnan(read[1])
