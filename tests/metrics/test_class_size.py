"""Whether more training pictures of a person help it, against made-up people of whom it is known."""

from dataclasses import replace

import numpy as np

from facetrial.metrics.class_size import class_size_summary
from tests.helpers.class_sizes import people_of


def test_its_interval_holds_the_truth():
    generator = np.random.default_rng(1)
    held = 0
    for _ in range(60):
        factor = class_size_summary(people_of(generator, 0.5)).doubling
        held += factor.low <= np.exp(0.5) <= factor.high
    assert held >= 53  # of 57 expected; less than one time in 50 by chance


def test_too_few_people_or_sizes_have_no_curve():
    people = people_of(np.random.default_rng(3), 0.5, 3)
    assert class_size_summary(dict(list(people.items())[:2])) is None
    assert class_size_summary({name: replace(one, n_train=9) for name, one in people.items()}) is None
