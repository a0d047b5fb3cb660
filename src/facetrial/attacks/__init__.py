"""Attacks: a region, a budget and a method, put together with a goal."""

from typing import TYPE_CHECKING

from facetrial.core.exports import export_on_demand

if TYPE_CHECKING:
    from facetrial.attacks.attack import Attack
    from facetrial.attacks.best import Best
    from facetrial.attacks.black_box.best_of import BestOf
    from facetrial.attacks.black_box.few_pixels import FewPixels
    from facetrial.attacks.black_box.hop_skip_jump import HopSkipJump
    from facetrial.attacks.black_box.noise import Draw, Gaussian, SaltAndPepper, Uniform
    from facetrial.attacks.black_box.square import Square
    from facetrial.attacks.budgets.area import Area
    from facetrial.attacks.budgets.budget import Budget
    from facetrial.attacks.budgets.l0 import L0
    from facetrial.attacks.budgets.l1 import L1
    from facetrial.attacks.budgets.l2 import L2, RMS
    from facetrial.attacks.budgets.linf import Linf
    from facetrial.attacks.fitted.base import Fitted
    from facetrial.attacks.fitted.patch import Jitter, Patch
    from facetrial.attacks.fitted.universal import Universal
    from facetrial.attacks.goals import Criterion, Dodging, Goal, Impersonation
    from facetrial.attacks.gradient.apgd import APGD, TargetedAPGD
    from facetrial.attacks.gradient.iterative import IterativeAttack
    from facetrial.attacks.gradient.pgd import PGD
    from facetrial.attacks.gradient.working_set import ActiveSet
    from facetrial.attacks.losses import Cosine, CrossEntropy, DifferenceOfLogitsRatio, Loss, Margin
    from facetrial.attacks.method import Method
    from facetrial.attacks.minimum_norm.bisection import Bisection
    from facetrial.attacks.minimum_norm.carlini_wagner import CarliniWagner
    from facetrial.attacks.minimum_norm.ddn import DDN
    from facetrial.attacks.minimum_norm.fmn import FMN
    from facetrial.attacks.problem import Problem
    from facetrial.attacks.result import Attacked, LossGradient, MethodResult
    from facetrial.attacks.sequence import OneAfterAnother
    from facetrial.attacks.surrogate import Surrogate

__all__ = [
    "APGD",
    "DDN",
    "FMN",
    "L0",
    "L1",
    "L2",
    "PGD",
    "RMS",
    "ActiveSet",
    "Area",
    "Attack",
    "Attacked",
    "Best",
    "BestOf",
    "Bisection",
    "Budget",
    "CarliniWagner",
    "Cosine",
    "Criterion",
    "CrossEntropy",
    "DifferenceOfLogitsRatio",
    "Dodging",
    "Draw",
    "FewPixels",
    "Fitted",
    "Gaussian",
    "Goal",
    "HopSkipJump",
    "Impersonation",
    "IterativeAttack",
    "Jitter",
    "Linf",
    "Loss",
    "LossGradient",
    "Margin",
    "Method",
    "MethodResult",
    "OneAfterAnother",
    "Patch",
    "Problem",
    "SaltAndPepper",
    "Square",
    "Surrogate",
    "TargetedAPGD",
    "Uniform",
    "Universal",
]

export_on_demand(__name__)
