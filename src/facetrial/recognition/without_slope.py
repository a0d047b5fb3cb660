"""Victims whose scores do not depend on a picture by gradients: how they are told, and what is said of them."""

import torch
from torch import Tensor, nn

from facetrial.core.errors import FacetrialError
from facetrial.recognition.fast_copy import FastCopy
from facetrial.recognition.foreign import called
from facetrial.recognition.layers import Defended, adaptive_view, base_model, layers

NEEDS_NO_SLOPE = (
    "Attacks that need none: attack=square (by scores), attack=hop_skip_jump (by decisions), attack=random, landmarks "
    "or best_of (noise), attack=one_pixel; or attack=transfer attack.surrogate=mobilefacenet surrogate.weights=FILE, "
    "which finds its changes on another recogniser"
)


def black_box(victim: nn.Module) -> nn.Module | None:
    """What stands behind all defences of `victim` and says that it has no slope; None where it may have one."""
    base = base_model(victim)
    embedder = getattr(base, "embedder", base)
    return None if getattr(embedder, "has_slope", True) else embedder


def keeps_answers(victim: nn.Module) -> bool:
    """Whether what stands behind all defences of `victim` is asked about no picture twice."""
    return bool(getattr(black_box(victim), "keeps_answers", False))


def has_slope(victim: nn.Module, images: Tensor) -> bool:
    """Whether an attacker's view of `victim` has a gradient at images (B, 3, H, W); who says not is not asked."""
    if black_box(victim) is not None:
        return False
    with torch.enable_grad():
        return adaptive_view(victim)(images.detach().requires_grad_(True)).requires_grad


def without_slope(victim: nn.Module, images: Tensor) -> FacetrialError:
    """The error of a victim without a slope at images (B, 3, H, W); it names the innermost layer that has none."""
    if (box := black_box(victim)) is not None:
        return FacetrialError(
            f"{getattr(box, 'called', called(box))} answers and shows no slope, by which gradient attacks go. "
            f"{NEEDS_NO_SLOPE}."
        )
    stack = [base_model(victim), *reversed(layers(victim))]
    with torch.enable_grad():
        leaf = images.detach().requires_grad_(True)
        flat = next((layer for layer in stack if not layer(leaf).requires_grad), victim)
    name = flat.name if isinstance(flat, FastCopy) else called(getattr(flat, "embedder", flat))
    return FacetrialError(
        f"{'the defence' if isinstance(flat, Defended) else 'the network'} {name} has no slope, so that no gradient "
        "attack can go by it: something in it is detached, rounded or not differentiable. Let a defence declare what "
        f"an attacker sees in its place (`adaptive_view`). {NEEDS_NO_SLOPE}."
    )
