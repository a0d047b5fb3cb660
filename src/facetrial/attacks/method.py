"""Methods: how a perturbation is found."""

from abc import ABC, abstractmethod
from typing import Self

from facetrial.attacks.problem import Problem
from facetrial.attacks.result import MethodResult


class Method(ABC):
    """How.

    Attributes:
        asks_victim: whether it looks at the victim's scores.
        asks_gradient: whether it looks at their slopes.
        takes_surrogate: whether it minds `Problem.view`.
        at_boundary: whether it goes along the very boundary of what the victim recognises.
        fills_budget: whether its changes are to have the budget's full size; else any within it will do.
        needs_landmarks: whether it looks at landmarks itself.
    """

    asks_victim = True
    asks_gradient = True
    takes_surrogate = False
    at_boundary = False
    fills_budget = False
    needs_landmarks = False

    @property
    def takes_low_precision(self) -> bool:
        """Whether a proxy in bfloat16 will do: for slopes, not for scores by which pictures are compared."""
        return self.asks_gradient and not self.at_boundary

    @abstractmethod
    def __call__(self, problem: Problem) -> MethodResult:
        """Attacks the pictures of `problem`."""

    def longer(self, factor: int) -> Self | None:
        """The same method with `factor` times the steps; None where it goes by none along gradients."""
        return None
