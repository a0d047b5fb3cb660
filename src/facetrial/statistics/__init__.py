"""Intervals, paired tests, power and logistic fits: NumPy in, numbers out."""

from typing import TYPE_CHECKING

from facetrial.core.exports import export_on_demand

if TYPE_CHECKING:
    from facetrial.statistics.auroc import auroc_over_people
    from facetrial.statistics.intervals import rate_over_people, wilson
    from facetrial.statistics.median import median_over_people
    from facetrial.statistics.paired import holm, mcnemar, paired_difference

__all__ = [
    "auroc_over_people",
    "holm",
    "mcnemar",
    "median_over_people",
    "paired_difference",
    "rate_over_people",
    "wilson",
]

export_on_demand(__name__)
