"""Damaged files of every kind are made again or named: a few of what `flips.py` tries by the hundred."""

import random

import pytest

from tests.robustness.flips import AGAIN, NAMED, damaged, tried
from tests.robustness.kinds import KINDS


@pytest.mark.parametrize("name", KINDS)
def test_nothing_damaged_is_taken_as_it_is(name):
    count = 2 if name == "a training's last epoch" else 6
    assert set(tried(name, count)) <= {AGAIN, NAMED}


def test_damages_are_many_and_those_of_a_seed():
    whole = bytes(range(256)) * 8
    found = [damaged(whole, random.Random(seed)) for seed in range(40)]
    assert found == [damaged(whole, random.Random(seed)) for seed in range(40)]
    assert whole not in found
    assert {len(content) == len(whole) for content in found} == {True, False}


def test_a_kind_that_takes_files_as_they_are_is_seen(monkeypatch):
    from tests.robustness import flips

    careless = flips.Kind(
        lambda folder: (folder / "a").write_bytes(b"a" * 99), lambda f: (f / "a").read_bytes()
    )
    monkeypatch.setitem(flips.KINDS, "careless", careless)
    assert set(tried("careless", 5)) == {flips.WRONG}
    frail = flips.Kind(careless.make, lambda folder: {b"a" * 99: 1}[(folder / "a").read_bytes()])
    monkeypatch.setitem(flips.KINDS, "frail", frail)
    assert all(said.startswith(flips.RAW) for said in tried("frail", 5))
