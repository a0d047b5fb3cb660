"""Checks that say whether a verdict can be trusted."""

from typing import TYPE_CHECKING

from facetrial.core.exports import export_on_demand

if TYPE_CHECKING:
    from facetrial.checks.apart.in_place import ViewInPlace
    from facetrial.checks.apart.prepared import AlikePrepared
    from facetrial.checks.apart.unseen import Unseen
    from facetrial.checks.base import Check, Evidence, Outcome, does_not_apply, failed, passed, run_checks
    from facetrial.checks.colour_order import ColourOrder
    from facetrial.checks.controls.certificates import Certificates
    from facetrial.checks.controls.check import BetterThanNoise
    from facetrial.checks.controls.false_alarms import FalseAlarms
    from facetrial.checks.controls.other_network import SurrogateApart
    from facetrial.checks.controls.squares import SquaresNoBetter
    from facetrial.checks.controls.targets import Targets
    from facetrial.checks.deterministic import Deterministic
    from facetrial.checks.fitted_apart import FittedApart, TrainedApart
    from facetrial.checks.of_budget import Reached, Referee, SmallestChanges
    from facetrial.checks.of_input import PictureRange, StandardisedOnce
    from facetrial.checks.of_region import LandmarksAgree, RegionAgrees
    from facetrial.checks.of_rows import (
        Adaptive,
        NamesAgree,
        OneRowAPicture,
        Slopes,
        SurvivesRounding,
    )
    from facetrial.checks.of_victim import CleanVerdicts, Recognises, SameAlone, VictimFrozen
    from facetrial.checks.reference.check import ReferenceAttack
    from facetrial.checks.rows_agree import RowsAgree
    from facetrial.checks.stronger_attacks import BlackBoxNotBetter, MoreStepsDoNotHelp, UnboundedReachesZero
    from facetrial.checks.true_slopes import TrueSlopes

__all__ = [
    "Adaptive",
    "AlikePrepared",
    "BetterThanNoise",
    "BlackBoxNotBetter",
    "Certificates",
    "Check",
    "CleanVerdicts",
    "ColourOrder",
    "Deterministic",
    "Evidence",
    "FalseAlarms",
    "FittedApart",
    "LandmarksAgree",
    "MoreStepsDoNotHelp",
    "NamesAgree",
    "OneRowAPicture",
    "Outcome",
    "PictureRange",
    "Reached",
    "Recognises",
    "Referee",
    "ReferenceAttack",
    "RegionAgrees",
    "RowsAgree",
    "SameAlone",
    "Slopes",
    "SmallestChanges",
    "SquaresNoBetter",
    "StandardisedOnce",
    "SurrogateApart",
    "SurvivesRounding",
    "Targets",
    "TrainedApart",
    "TrueSlopes",
    "UnboundedReachesZero",
    "Unseen",
    "VictimFrozen",
    "ViewInPlace",
    "does_not_apply",
    "failed",
    "passed",
    "run_checks",
]

export_on_demand(__name__)
