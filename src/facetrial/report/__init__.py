"""What a trial shows: its page, charts, sections, and words."""

from typing import TYPE_CHECKING

from facetrial.core.exports import export_on_demand

if TYPE_CHECKING:
    from facetrial.report.config_tree import PrintConfig
    from facetrial.report.gate import EndByGate
    from facetrial.report.trial_report import write_report

__all__ = [
    "EndByGate",
    "PrintConfig",
    "write_report",
]

export_on_demand(__name__)
