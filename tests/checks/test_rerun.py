"""Two attacks on the same pictures: chance alone must not fail a check, and a real difference must."""

import numpy as np
import pytest

from facetrial.checks.rerun import compare


class TestComparison:
    """Chance alone must not fail it, and a real difference must."""

    def test_the_fooled_are_asked_only_where_it_matters(self):
        asked = []

        def second(rows: np.ndarray) -> np.ndarray:
            asked.extend(rows.tolist())
            return np.isin(rows, [20])

        found = compare(np.arange(24) < 19, second, 0.05)
        assert asked == [19, 20, 21, 22, 23]
        assert (found.brought_down, found.spared, found.fails) == (1, 0, False)

    def test_nobody_is_asked_where_it_could_not_matter(self):
        found = compare(np.arange(24) < 20, lambda rows: pytest.fail("asked"), 0.05)
        assert (found.robust, found.brought_down, found.fails, found.too_few) == (4, 0, False, True)
        assert str(found).startswith("4 of the pictures looked at withstood")
        assert not compare(np.arange(24) < 19, lambda rows: rows < 0, 0.05).too_few

    def test_a_second_attack_that_spares_as_many_does_not_fail_it(self):
        first = np.arange(24) < 10
        found = compare(first, lambda rows: ~first[rows] & (rows % 2 == 0), 0.05)
        assert (found.brought_down, found.spared, found.fails) == (7, 10, False)

    def test_a_stronger_one_does(self):
        assert compare(np.arange(24) < 10, lambda rows: np.ones(len(rows), dtype=bool), 0.05).fails

    def test_false_alarms_by_chance_are_rarer_than_one_in_twenty(self):
        generator = np.random.default_rng(0)
        alarms = 0
        for _ in range(400):
            outcomes = generator.random((2, 24)) < 0.5  # as strong as each other
            alarms += compare(outcomes[0], lambda rows, second=outcomes[1]: second[rows], 0.0).fails
        assert alarms / 400 <= 0.05
