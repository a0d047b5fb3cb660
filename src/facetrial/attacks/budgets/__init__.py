"""How much a picture may be changed: one norm a file."""

from typing import TYPE_CHECKING

from facetrial.core.exports import export_on_demand

if TYPE_CHECKING:
    from facetrial.attacks.budgets.area import Area
    from facetrial.attacks.budgets.budget import Budget
    from facetrial.attacks.budgets.l0 import L0
    from facetrial.attacks.budgets.l1 import L1
    from facetrial.attacks.budgets.l2 import L2, RMS
    from facetrial.attacks.budgets.linf import Linf

__all__ = ["L0", "L1", "L2", "RMS", "Area", "Budget", "Linf"]

export_on_demand(__name__)
