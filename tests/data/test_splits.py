"""Pictures drawn within each person: shares that are counted, every picture once, and caps that nest."""

import numpy as np
import pytest

from facetrial.core.errors import FacetrialError
from facetrial.data.splits import evenly_over_people, kept_of_each, split_within_people

COUNTS = [3, 4, 10, 40, 7]
IDENTITIES = np.random.default_rng(0).permutation(np.repeat(np.arange(5), COUNTS))


def test_every_picture_is_in_one_part_and_each_person_in_all():
    parts = split_within_people(IDENTITIES, split_seed=0)
    assert sorted(np.concatenate(parts).tolist()) == list(range(len(IDENTITIES)))
    for part in parts:
        assert (np.diff(part) > 0).all()
        assert set(IDENTITIES[part].tolist()) == set(range(5))


def test_a_quarter_is_tested_and_some_of_the_rest_held_out():
    train, validation, test = (np.bincount(IDENTITIES[part]) for part in split_within_people(IDENTITIES, 0))
    assert test.tolist() == [1, 1, 2, 10, 2]  # a quarter, rounded to even, and one at least
    assert validation.tolist() == [1, 1, 1, 4, 1]  # 15 % of the others, and one at least
    assert train.tolist() == [1, 2, 7, 26, 4]


def test_a_person_is_split_alike_whoever_else_is_there():
    some = np.flatnonzero(IDENTITIES >= 3)
    whole, part = split_within_people(IDENTITIES, 5), split_within_people(IDENTITIES[some], 5)
    for rows, fewer in zip(whole, part, strict=True):
        assert some[fewer].tolist() == rows[IDENTITIES[rows] >= 3].tolist()
    assert split_within_people(IDENTITIES, 6)[2].tolist() != whole[2].tolist()


def test_two_pictures_cannot_be_split():
    with pytest.raises(FacetrialError, match=r"person number 7 has 2 picture\(s\)"):
        split_within_people(np.array([1, 1, 1, 7, 7]), 0)


@pytest.mark.parametrize("limit", [1, 5, 12, 30, 64, 1000])
def test_a_limit_takes_from_those_who_have_most(limit):
    chosen = evenly_over_people(IDENTITIES, limit, split_seed=0)
    assert len(set(chosen.tolist())) == len(chosen) == min(limit, len(IDENTITIES))
    assert (np.diff(chosen) > 0).all()
    taken = np.bincount(IDENTITIES[chosen], minlength=5)
    for who, count in enumerate(COUNTS):
        assert taken[who] == count or taken[who] >= taken.max() - 1


def test_a_larger_limit_takes_more_of_the_same():
    few, many = (set(evenly_over_people(IDENTITIES, limit, 0).tolist()) for limit in (12, 30))
    assert few < many
    assert few != set(evenly_over_people(IDENTITIES, 12, split_seed=1).tolist())


def test_smaller_sets_are_part_of_larger_ones_and_others_stay():
    identities = np.repeat([0, 1, 2], [30, 8, 12])
    sets = {}
    for most in (3, 10):
        kept, capped = kept_of_each(identities, most, 10, split_seed=0)
        assert capped.tolist() == [0, 2]
        assert np.bincount(identities[kept]).tolist() == [most, 8, most]
        sets[most] = set(kept.tolist())
    assert sets[3] < sets[10]
