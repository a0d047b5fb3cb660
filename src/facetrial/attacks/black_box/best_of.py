"""The worst of several random draws."""

from typing import Annotated

import torch

from facetrial.attacks.best import Best
from facetrial.attacks.black_box.noise import Draw
from facetrial.attacks.method import Method
from facetrial.attacks.problem import Problem
from facetrial.attacks.queries import pictures_a_pass
from facetrial.attacks.result import MethodResult
from facetrial.core.checked_settings import checked
from facetrial.core.errors import FacetrialError
from facetrial.core.settings import Count, Unit, whole

_MOST = 4096  # as many restarts as `Draws` tells apart


class BestOf(Method):
    """Of n independent draws, the one that is worst for the victim. The first is the draw itself.

    A picture takes no further draws once it is fooled; before a victim that draws at random it takes all.

    Args:
        draw: what draws.
        n: how often, up to 4,096.
        at_once: pictures a pass; None takes what suits the device.

    Raises:
        FacetrialError: `n` out of range, or `draw` is no drawing method.
    """

    asks_gradient = False
    fills_budget = True

    @checked("attack.method")
    def __init__(
        self, draw: Draw, n: Annotated[int, whole(1, _MOST), Unit("draws")], at_once: Count | None = None
    ) -> None:
        if not isinstance(draw, Draw):
            raise FacetrialError(
                f"attack.method.draw must be a method that draws at random (gaussian, uniform, salt_and_pepper), found "
                f"{type(draw).__name__}."
            )
        self.draw = draw
        self.n = n
        self.at_once = at_once

    def __call__(self, problem: Problem) -> MethodResult:
        best = Best(problem)
        reached = torch.zeros_like(best.fooled)
        for number in range(self.n):
            rows = (~best.fooled).nonzero()[:, 0]
            if len(rows) == 0:
                break
            part = problem.select(rows)
            part.draws = part.draws.restarted(number)
            pictures, full = self.draw.fill(part)
            before = best.margin[rows]
            scores = problem.ask(rows, pictures, at_once=pictures_a_pass(pictures, self.at_once))
            best.consider(rows, pictures, scores)
            reached[rows] = torch.where(best.margin[rows] > before, full, reached[rows])
            best.confirm(rows)
        found = best.found()
        found.reached = reached
        return found
