"""Pictures that are another one saved again: as JPEG, smaller, brighter, blurred, cut or turned a little, mirrored."""

from collections.abc import Iterator

import numpy as np
import torch
from kornia.filters import gaussian_blur2d
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from torch import Tensor
from torch.nn import functional as F

from facetrial.faces.batch import FaceDataset

# Of LFW's pictures saved again in 17 ways and found anew, 98 % lie above; of others, and of drawn ones, none does.
ALIKE = 0.97
_CANDIDATES, _NEAR = 4, 0.5  # by thumbnails, whose correlation is at least this
_THUMBNAIL, _COARSE, _FINE = 16, 24, 48  # sides in pixels
_GATE = 0.85  # correlation of coarse pictures below which nobody looks on
# Blurs, in pixels of a fine picture, by which the sharper of two is softened.
_SOFTER = (0.5, 0.7, 1.0, 1.4, 2.0)
_AT_ONCE = 256
# How far a copy may have been moved, turned and stretched: in half sides, about the identity.
_IDENTITY = torch.tensor([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
_FARTHEST = torch.tensor([[0.15, 0.12, 0.15], [0.12, 0.15, 0.15]])


def saved_again(pictures: FaceDataset, known: FaceDataset, alike: float = ALIKE) -> dict[int, int]:
    """For each of `pictures` that is one of `known` saved again, its index and that of the one that is most alike.

    Candidates are the known pictures whose thumbnails correlate most, mirrored or not. Each is laid over the picture,
    since a copy is cut by a face that was found anew, and the details of both are compared: other photographs of the
    same person, at the same place and in the same light, differ in these.

    Args:
        pictures, known: of any size.
        alike: the correlation of details from which on two are the same photograph, in (0, 1).
    """
    best: dict[int, tuple[float, int]] = {}
    apart = np.full(len(pictures), -1), np.zeros(len(known))
    for row, other, value in _pairs(pictures, known, alike, apart):
        best[row] = max(best.get(row, (0.0, 0)), (value, other))
    return {row: other for row, (_, other) in best.items()}


def photographs(pictures: FaceDataset, alike: float = ALIKE) -> np.ndarray:
    """Numbers (N,) int64 of the photographs that pictures are of: those that are one saved again share theirs.

    A picture whose candidates are all copies of it may have more of them: it is compared again, with others.
    """
    numbers = asked = np.arange(len(pictures))
    pairs = np.empty((0, 2), np.int64)
    while len(asked):
        apart = numbers[asked], numbers
        found = [
            (asked[row], other) for row, other, _ in _pairs(pictures.subset(asked), pictures, alike, apart)
        ]
        pairs = np.concatenate([pairs, np.array(found, np.int64).reshape(-1, 2)])
        joined = coo_array((np.ones(len(pairs)), tuple(pairs.T)), shape=(len(pictures), len(pictures)))
        numbers = connected_components(joined, directed=False)[1].astype(np.int64)
        asked, copies = np.unique([row for row, _ in found], return_counts=True)
        asked = asked[copies == _CANDIDATES].astype(np.int64)
    return numbers


@torch.no_grad()
def _pairs(
    pictures: FaceDataset, known: FaceDataset, alike: float, apart: tuple[np.ndarray, np.ndarray]
) -> Iterator[tuple[int, int, float]]:
    """The index of a picture, that of a known one that it is saved again, and how alike their details are.

    Args:
        apart: numbers of pictures (N,) and of known ones (K,); those that share one are not compared.
    """
    own, others_own = map(torch.from_numpy, apart)
    turned = [
        torch.cat([_thumbnails(batch.images.flip(dims)) for batch in known.batches(_AT_ONCE)])
        for dims in ([], [3])
    ]
    for start in range(0, len(pictures), _AT_ONCE):
        images = pictures.batch(np.arange(start, min(start + _AT_ONCE, len(pictures)))).images
        straight, mirrored = (_thumbnails(images) @ thumbnails.T for thumbnails in turned)
        likely = torch.maximum(straight, mirrored)
        likely[own[start : start + len(images), None] == others_own] = -1.0
        near, candidates = likely.topk(min(_CANDIDATES, len(known)))
        for column in range(near.shape[1]):
            rows = (near[:, column] >= _NEAR).nonzero()[:, 0]
            others = candidates[rows, column]
            if len(rows) == 0:
                continue
            seconds = known.batch(others.numpy()).images
            flip = (mirrored > straight)[rows, others]
            seconds[flip] = seconds[flip].flip(3)
            values = likeness(images[rows], seconds)
            for row, other, value in zip(rows.tolist(), others.tolist(), values.tolist(), strict=True):
                if value >= alike:
                    yield start + row, other, value


def likeness(first: Tensor, second: Tensor) -> Tensor:
    """The correlation of details (B,) of pictures (B, 3, H, W), the second ones laid over the first.

    It is -1 where they do not even look alike from afar.
    """
    found = first.new_full((len(first),), -1.0)
    still, moved = (_standard(_grey(images, _COARSE)) for images in (first, second))
    maps = _laid_over(
        _blurred(still, 1.5), _blurred(moved, 1.5), _IDENTITY.expand(len(first), 2, 3), steps=10
    )
    rows = (_correlation(still, _warped(moved, maps)) >= _GATE).nonzero()[:, 0]
    if len(rows) == 0:
        return found
    still, moved = (_standard(_grey(images[rows], _FINE)) for images in (first, second))
    maps = _laid_over(_blurred(still, 1.0), _blurred(moved, 1.0), maps[rows], steps=6)
    found[rows] = _correlation(*map(_details, _as_sharp(still, _standard(_warped(moved, maps)))))
    return found


def _as_sharp(first: Tensor, second: Tensor) -> list[Tensor]:
    """Images (B, 1, S, S), the sharper one of each two blurred until it is as the other: a copy may have been, too."""
    goal = torch.minimum(_sharpness(first), _sharpness(second))
    rows = torch.arange(len(first))
    made = []
    for images in (first, second):
        softer = torch.stack([images, *(_blurred(images, sigma) for sigma in _SOFTER)])
        off = torch.stack([(_sharpness(one) - goal).abs() for one in softer])
        made.append(softer[off.argmin(0), rows])
    return made


def _sharpness(images: Tensor) -> Tensor:
    """The logarithm (B,) of how much lies in the finest details of images (B, 1, S, S)."""
    return (images - _blurred(images, 0.8)).square().mean((1, 2, 3)).clamp(min=1e-9).log()


def _thumbnails(images: Tensor) -> Tensor:
    """(B, D), of unit norm: their products are correlations."""
    return F.normalize(_standard(_grey(images, _THUMBNAIL)).flatten(1))


def _grey(images: Tensor, side: int) -> Tensor:
    """(B, 1, S, S), no larger than the images."""
    size = [min(side, *images.shape[-2:])] * 2
    return F.interpolate(images.mean(1, keepdim=True), size, mode="bilinear", antialias=True)


def _standard(images: Tensor) -> Tensor:
    centred = images - images.mean((2, 3), keepdim=True)
    return centred / centred.std((2, 3), keepdim=True).clamp(min=1e-3)


def _blurred(images: Tensor, sigma: float) -> Tensor:
    side = min(2 * round(3 * sigma) + 1, (images.shape[-1] - 1) // 2 * 2 + 1)
    return gaussian_blur2d(images, (side, side), (sigma, sigma), "replicate")


def _details(images: Tensor) -> Tensor:
    """What is left of standardised images without grain and shades, as strong everywhere, less a margin."""
    smooth = _blurred(images, 0.5)
    detail = smooth - _blurred(smooth, 1.5)
    detail = detail / (_blurred(detail.square(), 1.5).sqrt() + 0.4)
    margin = images.shape[-1] // 12
    return detail[..., margin : images.shape[-2] - margin, margin : images.shape[-1] - margin]


def _correlation(first: Tensor, second: Tensor) -> Tensor:
    first, second = (
        images.flatten(1) - images.flatten(1).mean(1, keepdim=True) for images in (first, second)
    )
    return F.cosine_similarity(first, second, dim=1)


def _warped(images: Tensor, maps: Tensor) -> Tensor:
    grid = F.affine_grid(maps, [len(images), 1, *images.shape[-2:]], align_corners=False)
    return F.grid_sample(images, grid, "bicubic", padding_mode="border", align_corners=False)


def _laid_over(still: Tensor, moved: Tensor, maps: Tensor, steps: int) -> Tensor:
    """Maps (B, 2, 3) by which `moved`, sampled, becomes most like `still`, but for brightness and contrast.

    Steps of Gauss and Newton from `maps` (Lucas and Kanade, 1981); images (B, 1, S, S), smooth and standardised.
    """
    side = still.shape[-1]
    padded = F.pad(moved, (1, 1, 1, 1), mode="replicate")
    across = (padded[..., 1:-1, 2:] - padded[..., 1:-1, :-2]) * side / 4
    down = (padded[..., 2:, 1:-1] - padded[..., :-2, 1:-1]) * side / 4
    layers = torch.cat([moved, across, down], dim=1)
    centres = (torch.arange(side) + 0.5) / side * 2 - 1
    y, x = (plane.flatten() for plane in torch.meshgrid(centres, centres, indexing="ij"))
    target, ones = still.flatten(1), torch.ones_like(still).flatten(1)
    for _ in range(steps):
        seen, by_x, by_y = _warped(layers, maps).flatten(2).unbind(1)
        slopes = torch.stack([by_x * x, by_x * y, by_x, by_y * x, by_y * y, by_y, -target, -ones], dim=2)
        normal = slopes.mT @ slopes
        normal = normal + 1e-3 * torch.diag_embed(normal.diagonal(dim1=1, dim2=2)) + 1e-6 * torch.eye(8)
        step = torch.linalg.solve(normal, -(slopes.mT @ seen[:, :, None]))[:, :6, 0].unflatten(1, (2, 3))
        maps = maps + step.clamp(-0.1, 0.1)
        maps = torch.minimum(torch.maximum(maps, _IDENTITY - _FARTHEST), _IDENTITY + _FARTHEST)
    return maps
