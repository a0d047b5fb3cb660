"""Whether what a defence declares an attacker to see lies where the defence itself looks."""

from collections.abc import Callable, Mapping
from typing import Annotated

import torch
from torch import Tensor

from facetrial.checks.base import Check, Evidence, Outcome, does_not_apply, failed, passed
from facetrial.core.settings import Count, Positive, Unit
from facetrial.recognition.layers import Defended, adaptive_view, layers, scores_of, unchecked
from facetrial.recognition.without_slope import black_box
from facetrial.trial.verdicts import own_margins

_STEP = 4 / 255
_MOST_PICTURES = 0.75  # on which slopes that were moved do more


def _moved(across: int, down: int) -> Callable[[Tensor], Tensor]:
    return lambda slopes: slopes.roll((down, across), (-2, -1))


_MOVES: Mapping[str, Callable[[Tensor], Tensor]] = {
    "mirrored": lambda slopes: slopes.flip(-1),
    "upside down": lambda slopes: slopes.flip(-2),
} | {
    f"moved by ({far * x}, {far * y}) pixels": _moved(far * x, far * y)
    for far in (1, 2, 4)
    for x in (-1, 0, 1)
    for y in (-1, 0, 1)
    if x or y
}


class ViewInPlace(Check):
    """No slopes do more than those that a defence declares when they are moved by some pixels, or mirrored.

    A defence without a slope declares a function near to it that has one (`adaptive_view`, `stand_in`). Where that
    pads, cuts or turns the picture otherwise than the defence does, its slopes lie beside the pixels that they are of.
    They still point roughly the right way, so that `true_slopes` lets them pass, and every attack along them is weak.
    One step along their signs is compared with one along the signs of the same slopes, moved.

    It is left out of attacks that ask for no gradient or ask a surrogate, and where no defence that does not draw
    declares anything.

    Args:
        pictures: how many are looked at.
        factor: by how much more a step along moved slopes has to lower the margin, the median over pictures.
    """

    def __init__(self, pictures: Count = 8, factor: Annotated[Positive, Unit("times as much")] = 1.4) -> None:
        self.pictures = pictures
        self.factor = factor

    def __call__(self, evidence: Evidence) -> Outcome:
        attack = evidence.attack
        if not attack.method.asks_gradient or attack.surrogate is not None or not attack.adaptive:
            return does_not_apply("the attack goes by no slopes that a defence declares")
        declare = [layer for layer in layers(evidence.victim) if _declares(layer)]
        if (
            not declare
            or evidence.draws_at_random
            or evidence.of_pairs
            or black_box(evidence.victim) is not None
        ):
            return does_not_apply("no defence that does not draw declares slopes of another function")
        batch = evidence.batch(evidence.some(self.pictures))
        exact, view = unchecked(evidence.victim), unchecked(adaptive_view(evidence.victim))
        leaf = batch.images.clone().requires_grad_(True)
        with torch.enable_grad():
            margins = own_margins(view(leaf).float(), batch.identities)
            if not margins.requires_grad:
                return does_not_apply("what the defences declare has no slope: see `true_slopes`")
            (slopes,) = torch.autograd.grad(margins.sum(), leaf)

        def lowered(slopes: Tensor) -> Tensor:
            stepped = (batch.images - _STEP * slopes.sign()).clamp(0.0, 1.0)
            return before - own_margins(scores_of(exact, stepped), batch.identities)

        before = own_margins(scores_of(exact, batch.images), batch.identities)
        own = lowered(slopes)
        found: dict[str, float] = {}
        for what, move in _MOVES.items():
            more = lowered(move(slopes))
            if float((more > own).float().mean()) >= _MOST_PICTURES:
                found[what] = float((more / own.clamp(min=1e-6)).median())
        named = ", ".join(type(getattr(layer, "defense", layer)).__name__ for layer in declare)
        best = max(found, key=lambda what: found[what], default="")
        shown = f"({len(batch)} pictures)"
        if not best or found[best] < self.factor:
            return passed(f"slopes that {named} declares do no more when they are moved or mirrored {shown}")
        return failed(
            f"one step along the slopes that {named} declares does {found[best]:.2g} times as much when these are "
            f"{best} {shown}",
            "what the defence declares in its place (`stand_in`, `adaptive_view`) pads, cuts, resizes or turns "
            "pictures otherwise than the defence: let both go by the same pixels",
        )


def _declares(layer: Defended) -> bool:
    return (
        type(layer).adaptive_view is not Defended.adaptive_view and layer.adaptive_view().abstain_columns == 0
    )
