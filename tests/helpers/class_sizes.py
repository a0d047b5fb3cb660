"""People whose chance of being recognised grows with their training pictures."""

import numpy as np

from facetrial.metrics.parts import Person
from facetrial.statistics.intervals import wilson


def people_of(generator, slope, count=60):
    """People whose log-odds of being recognised grow by `slope` with each doubling."""
    made = {}
    for number in range(count):
        n_train = int(2 ** generator.uniform(2, 8))
        chance = 1 / (1 + np.exp(-slope * (np.log2(n_train) - 5)))
        made[f"P{number}"] = Person(n_train, 20, wilson(20, 20), wilson(generator.binomial(20, chance), 20))
    return made
