"""What a study's table says of its claims, as far as intervals allow."""

from dataclasses import replace

import pytest

from facetrial.sweep.study.table import build_study
from tests.helpers.sweeps import made_up_trials


@pytest.fixture(scope="module")
def trials():
    return made_up_trials()


@pytest.fixture(scope="module")
def study(trials):
    return build_study(trials)


def test_sentences_say_what_the_intervals_allow(study):
    by_pair = {(c.second.key, c.first.key): c for c in study.comparisons}
    claim = by_pair["landmarks", "random"]
    assert claim.difference.high < 0
    assert claim.p < 0.001
    assert "points lower than under the same noise all over" in claim.sentence
    assert claim.sentence.endswith("holds here.")
    undecided = by_pair["landmarks", "scattered"]
    assert undecided.difference.low < 0 < undecided.difference.high
    assert undecided.sentence.startswith("These pictures do not decide")
    assert "points higher than without it" in by_pair["adv", "landmarks"].sentence
    assert set(by_pair) == {
        ("landmarks", "random"),
        ("landmarks", "scattered"),
        ("scattered", "random"),
        ("adv", "landmarks"),
        ("adv_random", "random"),
        ("adv_raw", "raw"),
    }


def test_claim_that_fails_is_said_to_fail(trials):
    attacks = {"random": "landmarks", "landmarks": "random"}
    turned = [
        (replace(one, chosen=replace(one.chosen, attack=attacks.get(one.attack, "scattered"))), rows)
        for one, rows in trials
    ]
    claim = build_study(turned).comparisons[0]
    assert "does not hold here" in claim.sentence
