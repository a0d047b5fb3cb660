"""What a gradient attack asks of the victim: identity scores, a loss, and the loss's gradient in every pixel."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from facetrial.attacks.goals import Criterion
from facetrial.attacks.losses import Loss
from facetrial.recognition.layers import with_similarities


@dataclass
class LossGradient:
    """What the victim says of B pictures.

    Attributes:
        scores: float32 (B, C).
        loss: float32 (B,).
        gradient: float32 (B, 3, H, W), of the loss; zero where it is not finite.
        zero: (B,) bool, whether the gradient is zero everywhere.
        broken: (B,) bool, whether the gradient has values that are not finite.
    """

    scores: Tensor
    loss: Tensor
    gradient: Tensor
    zero: Tensor
    broken: Tensor


def loss_gradient(
    proxy: nn.Module, loss: Loss, images: Tensor, seen: Tensor, criterion: Criterion, region: Tensor
) -> LossGradient:
    """The gradient of `loss` at `images`, within the region.

    Args:
        proxy: scores (B, C) from images, frozen and in eval mode.
        loss: larger is nearer the goal.
        images: (B, 3, H, W), a leaf that takes a gradient.
        seen: (B, 3, H, W), what the victim is shown: `images`, or a function of them.
        criterion: what is wanted.
        region: (B, 1, H, W) in [0, 1], by which the gradient is weighted.
    """
    with torch.enable_grad():
        if loss.of_similarities:
            scores, similarities = with_similarities(proxy, seen)
            losses = loss(similarities.float(), criterion)
        else:
            scores = proxy(seen).float()
            losses = loss(scores, criterion)
        (gradient,) = torch.autograd.grad(losses.sum(), images)
    gradient = gradient.float() * region
    broken = ~gradient.isfinite().flatten(1).all(1)
    gradient = gradient.nan_to_num(0.0, 0.0, 0.0)
    zero = (gradient == 0).flatten(1).all(1) & ~broken
    return LossGradient(scores.detach().float(), losses.detach(), gradient, zero, broken)
