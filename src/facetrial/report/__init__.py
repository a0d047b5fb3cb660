"""What a trial shows: its page, charts, sections, and words."""

from facetrial.report.trial_report import write_report

__all__ = [
    "write_report",
]
