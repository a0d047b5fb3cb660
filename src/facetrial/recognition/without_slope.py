"""Layers of a victim whose scores do not depend on a picture by gradients."""

import torch
from torch import Tensor, nn

from facetrial.core.errors import FacetrialError
from facetrial.recognition.fast_copy import FastCopy
from facetrial.recognition.foreign import called
from facetrial.recognition.layers import Defended, base_model, layers


def without_slope(victim: nn.Module, images: Tensor) -> FacetrialError:
    """The error of a victim without a slope at images (B, 3, H, W); it names the innermost layer that has none."""
    stack = [base_model(victim), *reversed(layers(victim))]
    with torch.enable_grad():
        leaf = images.detach().requires_grad_(True)
        flat = next((layer for layer in stack if not layer(leaf).requires_grad), victim)
    name = flat.name if isinstance(flat, FastCopy) else called(getattr(flat, "embedder", flat))
    return FacetrialError(
        f"{'the defence' if isinstance(flat, Defended) else 'the network'} {name} has no slope, so that no gradient "
        "attack can go by it: something in it is detached, rounded or not differentiable. Let a defence declare what "
        "an attacker sees in its place (`adaptive_view`), or attack with attack=square, which needs no slope."
    )
