"""People whose chance of being recognised grows with their training pictures."""

import numpy as np


def people_of(generator, slope, count=60):
    """Summaries of people whose log-odds of being recognised grow by `slope` with each doubling."""
    made = {}
    for number in range(count):
        n_train = int(2 ** generator.uniform(2, 8))
        chance = 1 / (1 + np.exp(-slope * (np.log2(n_train) - 5)))
        made[f"P{number}"] = {
            "n_train": n_train,
            "robust": {"n": 20, "value": generator.binomial(20, chance) / 20},
        }
    return made
