"""Open-set identification against rates counted one by one."""

import numpy as np
import pytest

from facetrial.metrics.tasks.open_set import open_set_summary, split_known, strictest
from tests.helpers.embedded import embedded_people


def test_half_of_the_people_are_known_and_the_seed_says_who():
    known = split_known(9, 0)
    assert known.sum() == 5
    assert (known == split_known(9, 0)).all()
    assert any((known != split_known(9, seed)).any() for seed in range(1, 4))


def test_rates_are_those_counted_one_by_one():
    embeddings, identities, _, centres = embedded_people(60, 12, spread=1.0)
    attackable = np.arange(len(identities)) % 4 > 0
    known = split_known(60, 0)
    summary = open_set_summary(embeddings, attackable, identities, centres, known)
    assert (summary.known, summary.unknown) == (30, 30)
    for point in summary.points:
        threshold = point.threshold
        for version, rows in (("clean", np.arange(720)), ("attacked", np.flatnonzero(attackable))):
            found = alarms = insiders = outsiders = 0
            for row in rows:
                best = max(np.flatnonzero(known), key=lambda who: embeddings[version][row] @ centres[who])
                passes = embeddings[version][row] @ centres[best] >= threshold
                if known[identities[row]]:
                    insiders += 1
                    found += passes and best == identities[row]
                else:
                    outsiders += 1
                    alarms += passes
            assert point.identified[version].value == pytest.approx(found / insiders, abs=4e-3)
            assert point.false_alarms[version].value == pytest.approx(alarms / outsiders, abs=4e-3)
            assert point.identified[version].n == insiders
        assert point.false_alarms["clean"].value <= point.wanted
        assert point.false_alarms["clean"].value > point.wanted - 1 / 300
        for figure in (*point.identified.values(), *point.false_alarms.values()):
            assert 0 <= figure.low <= figure.value <= figure.high <= 1
        assert point.identified["clean"].high - point.identified["clean"].low > 0


def test_the_strictest_threshold_lets_no_more_pass_by_weight():
    strengths = np.array([0.1, 0.9, 0.5, 0.7, 0.3])
    weights = np.array([[1, 1, 1, 1, 1], [0, 0, 3, 1, 1], [1, 4, 0, 0, 0]])
    thresholds = strictest(strengths, weights, 0.2)
    assert ((weights * (strengths >= thresholds[:, None])).sum(1) <= 0.2 * weights.sum(1)).all()
    assert thresholds.tolist() == pytest.approx([0.7, 0.5, 0.9])
    assert (thresholds > [0.7, 0.5, 0.9]).all()


def test_too_few_strangers_are_said():
    embeddings, identities, _, centres = embedded_people(8, 5)
    summary = open_set_summary(embeddings, np.ones(40, dtype=bool), identities, centres, split_known(8, 0))
    assert [point.threshold for point in summary.points] == [None, None]
    assert [point.needed for point in summary.points] == [30, 300]
    alone = open_set_summary(embeddings, np.ones(40, dtype=bool), identities, centres, np.ones(8, dtype=bool))
    assert "raise data.limit" in alone.unavailable
