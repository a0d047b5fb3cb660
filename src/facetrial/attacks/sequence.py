"""Several methods, each on the pictures that are still robust: AutoAttack (Croce and Hein, ICML 2020)."""

from collections.abc import Mapping
from typing import Self

from facetrial.attacks.best import Best
from facetrial.attacks.method import Method
from facetrial.attacks.problem import Problem
from facetrial.attacks.result import MethodResult
from facetrial.core.errors import FacetrialError


class OneAfterAnother(Method):
    """Runs methods in their order; a fooled picture is left out of those that follow.

    Before a victim that draws at random none is left out.

    Args:
        methods: by name, in their order.

    Raises:
        FacetrialError: no method, or one that does not ask the victim.
    """

    def __init__(self, methods: Mapping[str, Method]) -> None:
        if not methods:
            raise FacetrialError("attack.method.methods is empty; give at least one method.")
        for name, method in methods.items():
            if not method.asks_victim:
                raise FacetrialError(
                    f"attack.method.methods.{name} draws at random and asks the victim nothing; it cannot tell which "
                    "pictures are still robust. Choose another method, or best_of."
                )
        self.methods = dict(methods)
        self.takes_surrogate = all(method.takes_surrogate for method in self.methods.values())

    def longer(self, factor: int) -> Self | None:
        made = {name: method.longer(factor) for name, method in self.methods.items()}
        if not any(made.values()):
            return None
        return type(self)({name: made[name] or method for name, method in self.methods.items()})

    def __call__(self, problem: Problem) -> MethodResult:
        best = Best(problem)
        for method in self.methods.values():
            rows = (~best.fooled).nonzero()[:, 0]
            if len(rows) == 0:
                break
            part = problem.select(rows)
            if not method.takes_low_precision:
                part.proxy = problem.victim
            images = method(part).images
            best.consider(rows, images, problem.ask(rows, images, of=problem.victim))
            best.confirm(rows)
        return best.found()
