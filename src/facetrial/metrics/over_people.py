"""The headline's figures with people in the place of pictures: whoever has many pictures weighs no more than others."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from facetrial.statistics.intervals import Interval, rate_of_people
from facetrial.statistics.likeness import effective_number


@dataclass(frozen=True)
class OverPeople:
    """The headline's figures as means over people, who all weigh the same, whatever the number of their pictures.

    Attributes:
        people: of the attacked pictures.
        effective_people: as many of equal weight would tell as much as these do where pictures weigh the same.
        clean_accuracy, robust_accuracy, robust_accuracy_8bit, attack_success: as those over pictures.
    """

    people: int
    effective_people: float
    clean_accuracy: Interval
    robust_accuracy: Interval
    robust_accuracy_8bit: Interval
    attack_success: Interval


def over_people_summary(
    rows: pd.DataFrame, attacked: pd.DataFrame, risked: pd.DataFrame, hits: np.ndarray
) -> OverPeople:
    """The means over people.

    Args:
        rows: of all pictures.
        attacked: those that were attacked.
        risked: those of them on which the attack could succeed.
        hits: bool, one a row of `risked`: whether it did.
    """

    def rate(own: pd.DataFrame, column: str) -> Interval:
        return rate_of_people(own[column].to_numpy(dtype=bool), own["identity"].to_numpy())

    pictures = attacked["identity"].value_counts().to_numpy(dtype=float)
    return OverPeople(
        people=len(pictures),
        effective_people=effective_number(pictures),
        clean_accuracy=rate(rows, "correct_clean"),
        robust_accuracy=rate(attacked, "correct_attacked"),
        robust_accuracy_8bit=rate(attacked, "correct_8bit"),
        attack_success=rate_of_people(hits, risked["identity"].to_numpy()),
    )
