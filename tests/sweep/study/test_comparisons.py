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
    assert claim.sentence.startswith("Noise on the landmarks leaves ")
    assert "points fewer recognised than the same noise all over the picture" in claim.sentence
    assert "after Holm's correction for 6" in claim.sentence
    assert claim.sentence.endswith("holds here.")
    undecided = by_pair["landmarks", "scattered"]
    assert undecided.difference.low < 0 < undecided.difference.high
    assert undecided.sentence.startswith(
        "Noise on the landmarks is not shown to leave fewer or more recognised than"
    )
    trained = by_pair["adv", "landmarks"].sentence
    assert "leaves 19.8 points more recognised than none (95 % interval 6.7 to 32.4" in trained
    assert "one training run; another may come out otherwise" in trained
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
