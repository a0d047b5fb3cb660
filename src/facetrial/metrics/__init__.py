"""Figures of a trial, computed from its rows; how they are shown is not known here."""

from typing import TYPE_CHECKING

from facetrial.core.exports import export_on_demand

if TYPE_CHECKING:
    from facetrial.metrics.security_curve import security_curve
    from facetrial.metrics.summary import summarise
    from facetrial.metrics.summary_json import read_summary

__all__ = [
    "read_summary",
    "security_curve",
    "summarise",
]

export_on_demand(__name__)
