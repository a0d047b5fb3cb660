"""Who is asked in an attack: the victim as the attacker knows it, or a surrogate, and the copy that chooses steps."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from facetrial.attacks.surrogate import Surrogate, View
from facetrial.core.digests import digest
from facetrial.recognition.fast_copy import FastCopies
from facetrial.recognition.layers import (
    abstain_columns,
    adaptive_view,
    base_model,
    confirming,
    draws_at_random,
    forward_passes,
    layers,
    unchecked,
    with_base,
)


@dataclass(frozen=True)
class Asked:
    """Who answers; the attributes are those of `Problem` that have their names.

    Attributes:
        seen: (B, 3, h, w), the clean pictures as they are shown to them.
        abstain_columns: as of `Criterion`.
        undefended: who stands behind the defences that the attacker knows; None where there are none.
    """

    victim: nn.Module | None
    proxy: nn.Module | None
    seen: Tensor
    view: View | None = None
    confirmer: nn.Module | None = None
    forward_passes: int = 1
    abstain_columns: int = 0
    undefended: "Asked | None" = None


def print_of_asked(victim: nn.Module | None, surrogate: Surrogate | None, adaptive: bool) -> Tensor:
    """A number for whom an attack asks, int64 (1,): another where its weights, or the defences it knows, are others."""
    asked = victim if surrogate is None else surrogate.victim
    if asked is not None and not adaptive:
        asked = base_model(asked)
    named = [] if asked is None else [asked.state_dict(), [type(layer).__name__ for layer in layers(asked)]]
    return torch.tensor([int(digest(*named, size=7), 16)])


def who_is_asked(
    victim: nn.Module | None,
    images: Tensor,
    pictures: Tensor,
    *,
    surrogate: Surrogate | None,
    adaptive: bool,
    copies: FastCopies | None,
    low: bool,
) -> Asked:
    """Who is asked about images (B, 3, H, W) with these picture keys, int64 (B,).

    Args:
        victim: identity scores (B, C) from images; None of a method that asks nobody.
        images: checked.
        pictures: keys by which a surrogate finds its crops.
        surrogate: who is asked in the victim's place.
        adaptive: whether the attacker knows the victim's defences.
        copies: that choose steps; None has the victim choose them.
        low: whether a copy in bfloat16 will do.
    """
    view, confirmer = None, None
    if surrogate is not None:
        victim, view = surrogate.victim.to(images.device), surrogate.view(pictures)
    elif victim is not None:
        confirmer = confirming(victim) if adaptive and draws_at_random(victim) else None
        victim = adaptive_view(victim) if adaptive else base_model(victim)
    seen = images if view is None else view(torch.arange(len(images), device=images.device), images)
    if victim is None:
        return Asked(None, None, seen)
    base = base_model(victim)
    copy = base if copies is None else copies.of(base, seen, low=low)
    # These pictures were checked, and the referee checks what a method makes of them.
    behind = unchecked(base) if copies is None else copies.exact(base, seen)
    whole = unchecked(with_base(victim, behind))
    confirmer = None if confirmer is None else with_base(confirmer, behind)
    faster = copy is not base
    knows_defenses = surrogate is None and bool(layers(victim))
    return Asked(
        whole,
        unchecked(with_base(victim, copy)) if faster else whole,
        seen,
        view,
        confirmer,
        forward_passes(victim),
        abstain_columns(victim),
        Asked(behind, unchecked(copy) if faster else behind, seen) if knows_defenses else None,
    )
