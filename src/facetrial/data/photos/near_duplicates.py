"""Near-duplicates: pictures so alike that they must not lie on both sides of a split (frames of one video)."""

import numpy as np
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

# Faces of other people, and of one at another moment, correlate up to 0.71 with another's mirror image; one that was
# saved again as JPEG at quality 50, or labelled anew within a pixel, at least 0.83.
_MIRROR_IMAGE = 0.75
_AT_ONCE = 1024


def group_near_duplicates(vectors: np.ndarray, alike: float) -> np.ndarray:
    """A group number, int64 (N,), for each of N pictures.

    Groups grow by average linkage: two are joined while their pictures correlate more than `alike` on average.
    (Chains of alike pairs would join most frontal faces into one group.) Time and memory go with N squared: 200
    MB for Kaggle's 7,049 faces.

    Args:
        vectors: (N, D), what describes each picture.
        alike: a correlation in (0, 1).
    """
    if len(vectors) < 2:
        return np.zeros(len(vectors), dtype=np.int64)
    centred = _standardised(vectors)
    apart = 1.0 - (centred @ centred.T)[np.triu_indices(len(centred), 1)]
    joined = linkage(apart.astype(np.float64).clip(0.0), method="average")
    return fcluster(joined, 1.0 - alike, criterion="distance").astype(np.int64) - 1


def joined_with_mirror_images(groups: np.ndarray, vectors: np.ndarray, mirrored: np.ndarray) -> np.ndarray:
    """Group numbers, int64 (N,), of which those of a picture and of another that is its mirror image are one.

    Args:
        groups: int (N,).
        vectors: (N, D), what describes each picture.
        mirrored: (N, D), what would describe its mirror image.
    """
    turned = _standardised(mirrored).T
    pairs = [(groups, groups)]
    for start in range(0, len(vectors), _AT_ONCE):
        rows, others = np.nonzero(_standardised(vectors[start : start + _AT_ONCE]) @ turned > _MIRROR_IMAGE)
        apart = start + rows != others  # a face may be its own mirror image
        pairs.append((groups[start + rows[apart]], groups[others[apart]]))
    first, second = map(np.concatenate, zip(*pairs, strict=True))
    links = coo_array((np.ones(len(first)), (first, second)))
    return connected_components(links, directed=False)[1][groups].astype(np.int64)


def most_alike(vectors: np.ndarray, others: np.ndarray) -> np.ndarray:
    """(N,): the highest correlation of each of the vectors (N, D) with any of `others` (M, D)."""
    return (_standardised(vectors) @ _standardised(others).T).max(1)


def _standardised(vectors: np.ndarray) -> np.ndarray:
    """Vectors whose scalar products are correlations."""
    centred = vectors.astype(np.float32) - vectors.mean(1, keepdims=True)
    return centred / np.maximum(np.linalg.norm(centred, axis=1, keepdims=True), 1e-6)
