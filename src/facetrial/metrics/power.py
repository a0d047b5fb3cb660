"""What the pictures of each person, and of all, can show of a difference between two trials."""

import math
from collections.abc import Mapping
from typing import Any

from facetrial.statistics.power import POWER, pictures_needed, smallest_difference

ASKED = 0.05  # the difference that a reader is told about: five points


def power_summary(n_of_people: Mapping[str, int]) -> dict[str, Any]:
    """What the summary says of power: `difference` asked for, `power`, `pictures_needed`, and for each person `n` and
    `smallest` (the smallest difference shown, None where there is none).

    Args:
        n_of_people: each person's number of attacked pictures.
    """
    smallest = {n: smallest_difference(n) for n in set(n_of_people.values())}
    return {
        "difference": ASKED,
        "power": POWER,
        "pictures_needed": pictures_needed(ASKED),
        "people": {
            name: {"n": n, "smallest": None if math.isnan(smallest[n]) else smallest[n]}
            for name, n in n_of_people.items()
        },
    }
