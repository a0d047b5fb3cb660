"""What keeps a texture printable: smooth, and of colours that ink on paper can show."""

from functools import cache
from itertools import product

import torch
from torch import Tensor

# Paper, the inks of offset printing and their overprints on coated paper, in sRGB; approximate, as printers differ.
_INKS = {
    (0, 0, 0): (0.95, 0.95, 0.94),
    (1, 0, 0): (0.00, 0.62, 0.88),
    (0, 1, 0): (0.90, 0.00, 0.49),
    (0, 0, 1): (1.00, 0.93, 0.00),
    (1, 1, 0): (0.19, 0.15, 0.51),
    (1, 0, 1): (0.00, 0.59, 0.25),
    (0, 1, 1): (0.89, 0.00, 0.10),
    (1, 1, 1): (0.13, 0.12, 0.12),
}
_HALFTONES = (0.0, 0.5, 1.0)


@cache
def printable_colours() -> Tensor:
    """Colours (27, 3) that print well: each of three inks at 0, 50 or 100 % of the paper.

    Halftones are mixed by the shares of the paper that each overprint covers (Neugebauer, 1937; Demichel).
    """
    colours = []
    for shares in product(_HALFTONES, repeat=3):
        mixed = torch.zeros(3)
        for printed, colour in _INKS.items():
            weight = 1.0
            for share, on in zip(shares, printed, strict=True):
                weight *= share if on else 1.0 - share
            mixed += weight * torch.tensor(colour)
        colours.append(mixed)
    return torch.stack(colours)


def non_printability(textures: Tensor, alpha: Tensor) -> Tensor:
    """(K,): over all pixels, how far each colour of textures (K, 3, h, w) is from the nearest that prints.

    Sharif et al. (CCS 2016) multiply the distances to all printable colours; the nearest alone is zero for the same
    textures, and its slope does not fade with the number of colours. Weighted by `alpha` (h, w).
    """
    colours = printable_colours().to(textures)
    distance = (textures[:, None] - colours[None, :, :, None, None]).square().sum(2).add(1e-12).sqrt()
    return (distance.amin(1) * alpha).sum((1, 2))


def total_variation(textures: Tensor, alpha: Tensor) -> Tensor:
    """(K,): over all pixels of textures (K, 3, h, w), the length of the step to the neighbours right and below.

    Weighted by `alpha` (h, w) of the pixels that are compared.
    """
    right = (textures[:, :, :-1, 1:] - textures[:, :, :-1, :-1]) * alpha[:-1, 1:] * alpha[:-1, :-1]
    below = (textures[:, :, 1:, :-1] - textures[:, :, :-1, :-1]) * alpha[1:, :-1] * alpha[:-1, :-1]
    return (right.square() + below.square()).sum(1).add(1e-8).sqrt().sum((1, 2))
