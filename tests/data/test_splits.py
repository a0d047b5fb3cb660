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


def counts(split_seed, identities=IDENTITIES):
    return [np.bincount(identities[part]) for part in split_within_people(identities, split_seed)]


def test_shares_are_rounded_up_as_often_as_makes_up_for_rounding_down():
    drawn = np.array([counts(seed) for seed in range(400)])
    train, validation, test = drawn.mean(0)
    np.testing.assert_allclose(test, [1, 1, 2.5, 10, 1.75], atol=0.08)  # a quarter, and one at least
    np.testing.assert_allclose(validation, [1, 1, 1.125, 4.5, 1], atol=0.08)  # 15 % of the others
    np.testing.assert_allclose(train, COUNTS - test - validation)
    for person, share in enumerate([1, 1, 2.5, 10, 1.75]):
        assert set(drawn[:, 2, person]) == {int(np.floor(share)), int(np.ceil(share))}


@pytest.mark.parametrize("pictures", [9, 10, 11, 13, 14])
def test_many_people_of_like_numbers_are_tested_on_a_quarter_each_time(pictures):
    identities = np.repeat(np.arange(60), pictures)
    for seed in range(5):
        train, validation, test = (part.sum() for part in counts(seed, identities))
        assert abs(test - 0.25 * len(identities)) < 1
        held_out = 0.15 * (len(identities) - test)
        assert abs(validation - max(60, held_out)) < 1 + 60 * (pictures < 10)
        assert train + validation + test == len(identities)


def test_a_split_is_that_of_its_seed():
    first, again, other = (split_within_people(IDENTITIES, seed) for seed in (5, 5, 6))
    assert [part.tolist() for part in first] == [part.tolist() for part in again]
    assert first[2].tolist() != other[2].tolist()


class TestPhotographs:
    def test_those_saved_again_go_to_one_part(self):
        identities = np.repeat([0, 1], [40, 9])
        photographs = np.concatenate([np.arange(40) // 2, [50, 50, 50, 51, 52, 53, 54, 55, 56]])
        sides = []
        for seed in range(40):
            parts = split_within_people(identities, seed, photographs)
            assert sorted(np.concatenate(parts).tolist()) == list(range(49))
            seen = [set(photographs[part].tolist()) for part in parts]
            assert not (seen[0] & seen[1])
            assert not (seen[0] & seen[2])
            assert not (seen[1] & seen[2])
            assert abs(len(parts[2]) - 49 / 4) <= 2
            assert all(set(identities[part].tolist()) == {0, 1} for part in parts)
            sides.append(next(number for number, part in enumerate(seen) if 0 in part))
        assert sides.count(2) < 20  # copies are no more often tested than others

    def test_those_of_several_people_go_to_one_part(self):
        identities = np.repeat([0, 1], 8)
        photographs = np.concatenate([np.arange(8), [0, 1, 2, 3, 20, 21, 22, 23]])
        for seed in range(40):
            seen = [
                set(photographs[part].tolist()) for part in split_within_people(identities, seed, photographs)
            ]
            assert not (seen[0] & seen[1])
            assert not (seen[0] & seen[2])
            assert not (seen[1] & seen[2])

    @pytest.mark.parametrize("sizes", [[5, 1, 1], [1, 1, 9], [1, 4, 4]])
    def test_no_part_stays_empty(self, sizes):
        photographs = np.repeat(np.arange(3), sizes)
        for seed in range(20):
            parts = split_within_people(np.zeros(len(photographs), dtype=int), seed, photographs)
            assert [len(set(photographs[part].tolist())) for part in parts] == [1, 1, 1]

    def test_whom_they_cannot_part_is_split_all_the_same_and_it_is_said(self, caplog):
        identities, photographs = np.repeat([0, 1], 8), np.concatenate([[0] * 8, np.arange(1, 9)])
        parts = split_within_people(identities, 0, photographs)
        assert all(set(identities[part].tolist()) == {0, 1} for part in parts)
        assert "1 people have fewer than three photographs" in caplog.text


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
