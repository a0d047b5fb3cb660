"""Open-set identification against rates counted one by one."""

import numpy as np
import pytest

from facetrial.metrics.tasks import open_set
from facetrial.metrics.tasks.open_set import open_set_summary, split_known
from facetrial.metrics.tasks.results import TooFew
from facetrial.trial.held_out import HeldOut
from tests.helpers import one_by_one
from tests.helpers.embedded import embedded_people, embedded_validation

SIZES = np.array([12, 3, 1, *[2] * 57])


@pytest.fixture(scope="module")
def made():
    embeddings, identities, _, centres = embedded_people(60, 12, spread=1.0)
    kept = np.concatenate([np.flatnonzero(identities == who)[:size] for who, size in enumerate(SIZES)])
    embeddings = {version: values[kept] for version, values in embeddings.items()}
    attackable = np.arange(len(kept)) % 4 > 0
    held_out = embedded_validation(centres, 11, 1.0)
    return embeddings, attackable, identities[kept], held_out, centres, split_known(60, 0)


def test_half_of_the_people_are_known_and_the_seed_says_who():
    known = split_known(9, 0)
    assert known.sum() == 5
    assert (known == split_known(9, 0)).all()
    assert any((known != split_known(9, seed)).any() for seed in range(1, 4))


def test_in_blocks_it_is_the_same(made, monkeypatch):
    whole = open_set_summary(*made)
    monkeypatch.setattr(open_set, "_AT_ONCE", 300)  # ten pictures a block
    blocks = open_set_summary(*made)
    for one, other in zip(whole.points, blocks.points, strict=True):
        assert other.threshold == pytest.approx(one.threshold, abs=1e-6)
        assert other.identified.over_people == one.identified.over_people


def test_rates_are_those_counted_one_by_one(made):
    embeddings, attackable, people, held_out, centres, known = made
    summary = open_set_summary(*made)
    assert (summary.known, summary.unknown) == (30, 30)
    assert (summary.set_on.pictures, summary.set_on.people, summary.set_on.worth) == (330, 30, 330)
    strangers = ~known[held_out.identities]
    for point in summary.points:
        alarms = [
            who is not None for who in one_by_one.taken(held_out.embeddings, centres, known, point.threshold)
        ]
        alarm = one_by_one.mean_over_people(np.array(alarms)[strangers], held_out.identities[strangers])
        assert alarm == pytest.approx(point.wanted, abs=1.5 / 330)  # the one at the threshold may round to it
        for version, shown in (("clean", np.ones(len(people), dtype=bool)), ("attacked", attackable)):
            taken = one_by_one.taken(embeddings[version], centres, known, point.threshold)
            hits = np.array(
                [who is not None and who == person for who, person in zip(taken, people, strict=True)]
            )
            alarms = np.array([who is not None for who in taken])
            for figure, own, rows in (
                (point.identified, hits, shown & known[people]),
                (point.false_alarms, alarms, shown & ~known[people]),
            ):
                found = figure.over_people[version]
                assert found.value == pytest.approx(one_by_one.mean_over_people(own[rows], people[rows]))
                assert figure.pooled[version] == pytest.approx(own[rows].mean())
                assert (found.n, figure.people[version]) == (rows.sum(), len(np.unique(people[rows])))
                sizes = np.bincount(people[rows])
                assert figure.effective_people[version] == pytest.approx(sizes.sum() ** 2 / (sizes**2).sum())
                assert 0 <= found.low <= found.value <= found.high <= 1
                assert found.high > found.low


def test_no_test_picture_moves_a_threshold(made):
    embeddings, attackable, people, held_out, centres, known = made
    turned = {version: -values for version, values in embeddings.items()}
    other = open_set_summary(turned, attackable, people, held_out, centres, known)
    assert [point.threshold for point in other.points] == [
        point.threshold for point in open_set_summary(*made).points
    ]


def test_too_few_strangers_are_said(made):
    embeddings, identities, _, centres = embedded_people(8, 5)
    held_out, everyone = embedded_validation(centres, 5), np.ones(40, dtype=bool)
    summary = open_set_summary(embeddings, everyone, identities, held_out, centres, split_known(8, 0))
    assert summary.points == (TooFew(1e-1, 30, 20, None), TooFew(1e-2, 300, 20, None))
    nobody = HeldOut(held_out.embeddings[:0], held_out.identities[:0])
    summary = open_set_summary(embeddings, everyone, identities, nobody, centres, split_known(8, 0))
    assert [point.found for point in summary.points] == [0, 0]
    alone = open_set_summary(embeddings, everyone, identities, held_out, centres, np.ones(8, dtype=bool))
    assert "raise data.limit" in alone.unavailable
