"""Random numbers for a defence, which is shown pictures and nothing that names them."""

import torch
from torch import Tensor

from facetrial.core.randomness import Draws

_ODD = (0x9E3779B97F4A7C15 - 2**64, 0xBF58476D1CE4E5B9 - 2**64)  # as signed 64-bit words


def picture_draws(images: Tensor, seed: int, number: int = 0) -> Draws:
    """A source that depends on (seed, number, the picture's pixels): the same at any batch size, device or time.

    Args:
        images: float32 (B, 3, H, W).
        seed: of the defence.
        number: which draw of the same picture; 0 is that of a verdict.
    """
    with torch.no_grad():
        words = images.detach().float().contiguous().flatten(1).view(torch.int32).long()
        places = torch.arange(1, words.shape[1] + 1, device=images.device)
        # Each word is mixed with its place; sums of 64-bit words wrap, in any order to the same.
        mixed = (words ^ (places * _ODD[0])) * _ODD[1]
        mixed = (mixed ^ (mixed >> 31)) * _ODD[0]
        keys = mixed.sum(1)
        keys = (keys ^ (keys >> 29)) * _ODD[1]
    return Draws(seed, keys & (2**63 - 1), number)
