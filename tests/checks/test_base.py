"""What checks may look at: pictures evenly over people, and the outcomes of those that apply."""

from collections import Counter

import pandas as pd
import pytest
import torch

from facetrial.checks.base import Evidence, Outcome, does_not_apply, failed, passed, run_checks
from facetrial.defenses.build import defended
from facetrial.defenses.resize_pad import RandomResizePad
from tests.helpers.evidence import faces, pgd, sound


@pytest.fixture
def evidence() -> Evidence:
    return Evidence(sound(), pgd(), faces(24), faces(12), pd.DataFrame(), 0, torch.device("cpu"))


def test_some_pictures_are_spread_over_people_and_always_the_same(evidence):
    chosen = evidence.some(12)
    assert chosen == evidence.some(12)
    assert set(Counter(evidence.faces.identities[chosen].tolist()).values()) == {2}
    assert len(set(chosen)) == 12
    assert sorted(evidence.some(99)) == list(range(24))


def test_some_pictures_among_those_that_are_named(evidence):
    allowed = evidence.faces.files[5:9]
    chosen = evidence.some(3, allowed)
    assert len(chosen) == 3
    assert {evidence.faces.files[i] for i in chosen} < set(allowed)
    assert sorted(evidence.some(9, allowed)) == [5, 6, 7, 8]


def test_a_batch_is_of_the_pictures_that_were_asked_for(evidence):
    batch = evidence.batch([7, 2])
    assert batch.indices.tolist() == [7, 2]
    assert torch.equal(evidence.images([7, 2]), batch.images)
    assert torch.equal(batch.images[1], evidence.faces.batch([2]).images[0])


def test_a_defence_that_draws_is_seen(evidence):
    assert not evidence.draws_at_random
    evidence.victim = defended(evidence.victim, [RandomResizePad(0.8, 0, 2)])
    assert evidence.draws_at_random


def test_how_long_they_took_is_said(evidence, monkeypatch, caplog):
    clock = iter([0.0, 0.25, 10.0, 22.0, 30.0, 30.5])
    monkeypatch.setattr("facetrial.checks.base.time.monotonic", lambda: next(clock))
    evidence.seconds = 48.0
    with caplog.at_level("INFO"):
        run_checks(dict.fromkeys(("short", "long", "middling"), lambda found: passed("well")), evidence)
    [said] = caplog.messages
    assert (
        said == "The checks took 13 s beside the attack's 48 s; longest: long 12 s, middling 0 s, short 0 s."
    )


def test_checks_that_do_not_apply_say_so(evidence):
    checks = {
        "right": lambda found: passed(f"{len(found.faces)} pictures"),
        "none": lambda found: None,
        "why": lambda found: does_not_apply("it rains"),
        "wrong": lambda found: failed("something", "do this"),
    }
    assert run_checks(checks, evidence) == {
        "right": Outcome(True, "24 pictures"),
        "none": Outcome(None, "it does not apply to this trial"),
        "why": Outcome(None, "it rains"),
        "wrong": Outcome(False, "something", "do this"),
    }
