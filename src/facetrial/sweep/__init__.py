"""What many trials say together: one table, comparisons, curves, the study."""

from typing import TYPE_CHECKING

from facetrial.core.exports import export_on_demand

if TYPE_CHECKING:
    from facetrial.sweep.callback import GatherSweep
    from facetrial.sweep.gather import gather_sweep
    from facetrial.sweep.runs import gather_runs

__all__ = [
    "GatherSweep",
    "gather_runs",
    "gather_sweep",
]

export_on_demand(__name__)
