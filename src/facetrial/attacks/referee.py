"""The referee checks a finished attack by itself: it shares no code with what made it."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

# float32 pixels near 1 are 6e-8 apart; over a whole picture that moves a norm by a few millionths.
TOLERANCE = 1e-5
ROUNDING = 1.2e-7

# The norm of a change (3, H, W), by its name.
_MEASURES: dict[str, Callable[[np.ndarray], np.generic]] = {
    "rms": lambda change: np.sqrt(np.mean(change * change)),
    "l2": lambda change: np.linalg.norm(change.ravel()),
    "l1": lambda change: np.abs(change).sum(),
    "linf": lambda change: np.abs(change).max() - ROUNDING,
    "area": lambda change: (change != 0).any(axis=0).mean(),
    "l0": lambda change: (change != 0).any(axis=0).sum(),
}


class BudgetBreach(RuntimeError):
    """An attack returned a picture that breaks its budget, its region or the range of pixels: a bug."""


def referee(
    images: Tensor, attacked: Tensor, region: Tensor, norm: str, size: float, files: list[str]
) -> None:
    """Checks, picture by picture, in numpy and float64.

    Args:
        images: (B, 3, H, W), the clean pictures.
        attacked: (B, 3, H, W).
        region: (B, 1, H, W); where it is 0 nothing may have changed.
        norm: "rms", "l2", "l1", "linf", "l0" (pixels) or "area" (share of the picture).
        size: the largest norm allowed.
        files: B names, for the message.

    Raises:
        BudgetBreach: naming the first picture that breaks a rule.
    """
    if attacked.dtype != torch.float32 or attacked.shape != images.shape:
        raise BudgetBreach(
            f"attacked pictures must be float32 {tuple(images.shape)}, "
            f"found {attacked.dtype} {tuple(attacked.shape)}."
        )
    before, after = (pictures.detach().cpu().numpy() for pictures in (images, attacked))
    allowed = region.detach().cpu().numpy() > 0
    for clean, picture, mask, file in zip(before, after, allowed, files, strict=True):
        if not np.isfinite(picture).all() or picture.min() < 0.0 or picture.max() > 1.0:
            raise BudgetBreach(
                f"{file}: pixels from {picture.min():.6g} to {picture.max():.6g}, outside [0, 1]."
            )
        change = picture.astype(np.float64) - clean
        if np.abs(change * ~mask).max(initial=0.0) > 0.0:
            raise BudgetBreach(f"{file}: pixels outside the region were changed.")
        found = float(_MEASURES[norm](change))
        if found > size * (1 + TOLERANCE):
            raise BudgetBreach(f"{file}: {norm} of the change is {found:.8g}, the budget is {size:.8g}.")
