"""Total variation: the nearest picture without fine grain."""

import torch
from torch import Tensor

from facetrial.core.checked_settings import checked
from facetrial.core.settings import Count, Positive
from facetrial.defenses.transform import InputTransform

_STEP = 0.248  # of the dual ascent; below 1/4 it converges


class TotalVariation(InputTransform):
    """The picture u that makes |u - x|^2 / 2 + weight * TV(u) least, a channel at a time.

    Rudin, Osher and Fatemi (1992), by Chambolle's projection (2004), unrolled: gradients pass. Guo et al.,
    "Countering adversarial images using input transformations", ICLR 2018, use it as a defence.

    Args:
        weight: of the variation.
        steps: of the projection.

    Raises:
        FacetrialError: a weight that is not above 0, or no step.
    """

    @checked("defense.total_variation")
    def __init__(self, weight: Positive, steps: Count) -> None:
        self.weight = weight
        self.steps = steps

    def transform(self, images: Tensor) -> Tensor:
        across, down = torch.zeros_like(images), torch.zeros_like(images)
        for _ in range(self.steps):
            residual = divergence(across, down) - images / self.weight
            slope_across, slope_down = gradient(residual)
            length = 1.0 + _STEP * (slope_across.square() + slope_down.square() + 1e-12).sqrt()
            across = (across + _STEP * slope_across) / length
            down = (down + _STEP * slope_down) / length
        return (images - self.weight * divergence(across, down)).clamp(0.0, 1.0)


def gradient(images: Tensor) -> tuple[Tensor, Tensor]:
    """Forward differences across and down, zero at the last column and row."""
    across, down = torch.zeros_like(images), torch.zeros_like(images)
    across[..., :, :-1] = images[..., :, 1:] - images[..., :, :-1]
    down[..., :-1, :] = images[..., 1:, :] - images[..., :-1, :]
    return across, down


def divergence(across: Tensor, down: Tensor) -> Tensor:
    """Minus the adjoint of `gradient`."""
    before = torch.zeros_like(across)
    before[..., :, 1:] = across[..., :, :-1]
    above = torch.zeros_like(down)
    above[..., 1:, :] = down[..., :-1, :]
    last_column, last_row = across.clone(), down.clone()
    last_column[..., :, -1] = 0.0
    last_row[..., -1, :] = 0.0
    return last_column - before + last_row - above


def variation(images: Tensor) -> Tensor:
    """The isotropic total variation (B,) of images (B, 3, H, W)."""
    across, down = gradient(images)
    return (across.square() + down.square()).sqrt().flatten(1).sum(1)
